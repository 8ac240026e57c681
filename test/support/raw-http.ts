import { connect, type Socket } from 'node:net';

/** Writes `text` to a port, byte for byte, and gives all that comes back until the other side closes. */
export function rawExchange(port: number, text: string | readonly string[], pauseMs = 0): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket: Socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => (answer += chunk));
  socket.on('close', () => resolve(answer));
  socket.on('error', (error: NodeJS.ErrnoException) =>
    error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(answer) : reject(error),
  );
  const parts = typeof text === 'string' ? [text] : [...text];
  const next = (): void => {
    const part = parts.shift();
    if (part === undefined || socket.destroyed) return;
    socket.write(part, 'latin1');
    setTimeout(next, pauseMs);
  };
  next();
  return promise;
}

/** The status of a raw answer; 0 when there is none. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}

/** The permanent code of a problem+json in a raw answer. */
export function codeOf(answer: string): string | undefined {
  return /"code":"([a-z_]+)"/.exec(answer)?.[1];
}
