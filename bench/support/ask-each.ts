import { HttpConnection } from './http-connection.ts';

/** Asks for each path once, one after the other on one connection. @returns how long each took, ms */
export async function askEach(
  server: { readonly host: string; readonly port: number },
  paths: readonly string[],
): Promise<number[]> {
  let answered: (outcome: string) => void = () => undefined;
  const connection = new HttpConnection(server.port, server.host, {
    answered: (_connection, outcome) => answered(outcome),
    closed: () => answered('lost'),
  });
  const latencies: number[] = [];
  for (const path of paths) {
    const { promise, resolve } = Promise.withResolvers<string>();
    answered = resolve;
    const sentMs = performance.now();
    connection.send(`GET ${path} HTTP/1.1\r\nHost: ${server.host}:${server.port}\r\n\r\n`, sentMs);
    const outcome = await promise;
    if (outcome !== '200') throw new Error(`${path} was answered with ${outcome}`);
    latencies.push(performance.now() - sentMs);
  }
  connection.close();
  return latencies;
}
