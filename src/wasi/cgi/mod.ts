/**
 * CGI, the contract between the gateway and a preview1 program: the request is its environment and stdin, stdout is the
 * response. https://www.rfc-editor.org/rfc/rfc3875, read as WAGI and WCGI do.
 */
export { Authorization, CgiEnvironment, type CgiOptions, type CgiRequest } from './environment.ts';
export { HeadReader } from './response-head.ts';
export { CgiOutcome, CgiResponseParser, type CgiSink } from './response-parser.ts';
