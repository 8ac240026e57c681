/**
 * `bare-server-main.ts URL`: the least that `node:http` can be asked to do. It fetches URL once, and then gives that answer to every
 * request, with the same headers and the same body, in the fastest way there is: headers as an array, head and body in one string.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What node itself adds to every response. */
const addedByNode: ReadonlySet<string> = new Set(['connection', 'date', 'keep-alive']);

const response = await fetch(process.argv[2] ?? '');
const headers = [...response.headers].filter(([name]) => !addedByNode.has(name)).flat();
const body = Buffer.from(await response.arrayBuffer()).toString('latin1');

const server = createServer((_req, res) => {
  res.writeHead(200, headers);
  res.end(body, 'latin1');
});
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => {
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, pids: [process.pid] }));
});
