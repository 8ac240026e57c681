/** WASI: what guests may call, and how their memory, streams and files are reached. */
export {
  Authorization,
  CgiEnvironment,
  type CgiOptions,
  CgiOutcome,
  type CgiRequest,
  CgiResponseParser,
  type CgiSink,
  HeadReader,
} from './cgi/mod.ts';
export { emptyTree, type LoadedTree, loadTree, type LoadTreeLimits, type Tree, TreeBuilder } from './fs/mod.ts';
export { GuestMemory, type GuestMemoryLayout } from './guest-memory.ts';
export { blocked, type Host, type HostContext, type HostFunction, type HostImports } from './host.ts';
export {
  environText,
  P1Host,
  type P1Name,
  type P1Options,
  type P1Request,
  type P1Signature,
  p1Signatures,
  type P1System,
  Preopen,
} from './p1/mod.ts';
export { BytesInput, BytesOutput, emptyInput, type InputStream, type OutputStream, wouldBlock } from './streams.ts';
export { systemTimers, type Timers } from './timers.ts';
