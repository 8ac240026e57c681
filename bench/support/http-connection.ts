import { connect, type Socket } from 'node:net';

/** What a connection tells whoever uses it. */
export interface ConnectionEvents {
  /** The answer to the request that was sent is there: its status and, of a problem, its code, as in `503 overloaded`. */
  answered(connection: HttpConnection, outcome: string): void;
  /** The connection is over; with a request unanswered when `isBusy`. */
  closed(connection: HttpConnection): void;
}

/**
 * A bare keep-alive client: one request at a time on one socket, ready-made bytes out, status and length in. It does as little
 * as it can, so that what is measured is the server.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  /** What has come of the answer so far, when it has not come whole. */
  #pending: Buffer | undefined;
  #isBusy = false;
  /** When the request on its way was due, ms. */
  dueMs = 0;
  /** When it was sent, ms. */
  sentMs = 0;

  constructor(port: number, host: string, events: ConnectionEvents) {
    this.#events = events;
    this.#socket = connect({ port, host, noDelay: true });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => events.closed(this));
  }

  /** Whether an answer is awaited. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Sends a request that was due at `dueMs`. */
  send(request: string, dueMs: number): void {
    this.#isBusy = true;
    this.dueMs = dueMs;
    this.sentMs = performance.now();
    this.#socket.write(request, 'latin1');
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk]);
    const headEnd = bytes.indexOf('\r\n\r\n');
    if (headEnd < 0) {
      this.#pending = bytes;
      return;
    }
    const head = bytes.toString('latin1', 0, headEnd);
    if (!isWhole(bytes, head)) {
      this.#pending = bytes;
      return;
    }
    this.#pending = undefined;
    this.#isBusy = false;
    const status = head.slice(9, 12);
    const outcome = status.startsWith('2') ? status : `${status} ${problemCode(bytes, headEnd)}`;
    this.#events.answered(this, outcome);
    if (/\r\nconnection: *close/i.test(head)) this.close();
  }
}

/** The permanent code in a problem+json, or nothing. */
function problemCode(bytes: Buffer, from: number): string {
  return /"code":"([a-z_]+)"/.exec(bytes.toString('latin1', from))?.[1] ?? '';
}

/** Whether all of an answer is there. */
function isWhole(bytes: Buffer, head: string): boolean {
  const lengthBytes = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (lengthBytes !== undefined) return bytes.byteLength >= head.length + '\r\n\r\n'.length + Number(lengthBytes);
  // In chunks: no body that is asked for here has within it what ends the last one.
  return bytes.toString('latin1', bytes.byteLength - lastChunk.length) === lastChunk;
}

const lastChunk = '\r\n0\r\n\r\n';
