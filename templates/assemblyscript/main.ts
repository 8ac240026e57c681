// A function: the request is in the environment and on stdin, the response goes to stdout as headers, an empty line and the body.
// This is CGI, RFC 3875. The top level of this file is what runs, once for each request.

import { copyBody, log, respond, variable, write } from './cgi';

const method = variable('REQUEST_METHOD', 'GET');
const path = variable('PATH_INFO', '/');
log(method + ' ' + path);

if (method == 'GET' || method == 'HEAD') {
  const name = path.substring(1);
  respond('200 OK');
  write(variable('GREETING', 'Hello') + ', ' + (name.length > 0 ? name : 'world') + '!\n');
} else if (method == 'POST') {
  respond('200 OK');
  copyBody();
} else {
  respond('405 Method Not Allowed', ['Allow: GET, HEAD, POST']);
  write(method + ' is not for this function\n');
}
