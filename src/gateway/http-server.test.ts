import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { HttpServer } from './http-server.ts';
import type { WholeResponse } from './whole-response.ts';

/** Bytes that neither the system nor a client that reads nothing takes. */
const manyBytes = 50_000_000;

/** Answers each request, and sets the timer that a connection gets on which bytes are waiting. */
async function serve(
  t: { after(done: () => Promise<unknown>): void },
  answer: (res: WholeResponse) => void,
): Promise<{ readonly client: Socket; readonly busy: Set<Socket> }> {
  const busy = new Set<Socket>();
  const server = new HttpServer({
    request: (req, res) => {
      busy.add(req.socket);
      req.socket.setTimeout(20);
      answer(res);
    },
    busySockets: () => busy,
    broken: () => 'idle',
    flush: () => undefined,
  });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const client = connect(port, '127.0.0.1');
  client.on('error', () => {});
  t.after(async () => {
    client.destroy();
    await server.stop(0, 0);
  });
  client.pause();
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  return { client, busy };
}

test('HttpServer cuts a client that takes nothing of what is waiting for it, once its timer has run out', async (t) => {
  let serverSide: Socket | null = null;
  const { client } = await serve(t, (res) => {
    serverSide = res.socket;
    res.end(Buffer.alloc(manyBytes));
  });
  client.resume();
  client.once('data', () => client.pause());
  await once(client, 'data');
  const closed: Socket | null = serverSide;
  assert.ok(closed !== null);
  await once(closed, 'close');
});

test('HttpServer leaves a client alone whose function thinks for longer than that', async (t) => {
  const { client } = await serve(t, (res) => void setTimeout(() => res.end('thought'), 100));
  client.resume();
  // A socket without an encoding has Buffers.
  const [chunk] = (await once(client, 'data')) as [Buffer];
  assert.match(chunk.toString(), /thought/);
});
