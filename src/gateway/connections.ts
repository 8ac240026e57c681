import type { Socket } from 'node:net';
import { keepAliveMs, stallCheckMs, stalledMs } from './limits.ts';

/** An idle connection is closed at the first look after so many without a request. */
const idleLooksMax: number = Math.ceil(keepAliveMs / stallCheckMs) + 1;

/**
 * The connections of a server, and what becomes of those on which nothing goes on. Node would set a timer for each of them anew at
 * every request, read and write; here one timer looks at all of them now and then:
 *
 *     look      0    1    2    3  …              14
 *     request   ^ it is idle from here on        └► closed
 *     bytes are waiting for the client           a timer is set, which node sets anew as long as the client takes some
 */
export class Connections {
  /** By when a request last came or was under way, in looks. */
  readonly #lastUse = new Map<Socket, number>();
  readonly #busy: () => ReadonlySet<Socket>;
  readonly #timer: NodeJS.Timeout;
  #looks = 0;
  #accepted = 0;

  /** `busy` are the connections whose requests are being answered. */
  constructor(busy: () => ReadonlySet<Socket>) {
    this.#busy = busy;
    this.#timer = setInterval(() => this.look(), stallCheckMs).unref();
  }

  get size(): number {
    return this.#lastUse.size;
  }

  /** Connections that there have been. */
  get accepted(): number {
    return this.#accepted;
  }

  add(socket: Socket): void {
    this.#accepted += 1;
    this.#lastUse.set(socket, this.#looks);
    socket.once('close', () => this.#lastUse.delete(socket));
  }

  /** A request has come on it. */
  use(socket: Socket): void {
    if (this.#lastUse.get(socket) !== this.#looks) this.#lastUse.set(socket, this.#looks);
  }

  /** Cuts what has been idle for too long, and has a timer watch what has bytes waiting. To be called every `stallCheckMs`. */
  look(): void {
    this.#looks += 1;
    const busy = this.#busy();
    for (const [socket, lastUse] of this.#lastUse) {
      if (busy.has(socket)) this.#lastUse.set(socket, this.#looks);
      if (socket.writableLength > 0) {
        if (!socket.timeout) socket.setTimeout(stalledMs);
        continue;
      }
      if (socket.timeout) socket.setTimeout(0);
      if (!busy.has(socket) && this.#looks - lastUse > idleLooksMax) socket.destroy();
    }
  }

  /** Closes connections on which nothing happens, and nothing has come since `readBefore`. @returns what was read by now */
  closeQuiet(readBefore: ReadonlyMap<Socket, number>): Map<Socket, number> {
    const busy = this.#busy();
    const readNow = new Map<Socket, number>();
    for (const socket of this.#lastUse.keys()) {
      const isQuiet = !busy.has(socket) && socket.writableLength === 0;
      // A head that has come in part shows in nothing but the bytes read.
      const read = readBefore.get(socket);
      if (isQuiet && (socket.bytesRead === 0 || read === socket.bytesRead)) socket.destroy();
      else readNow.set(socket, socket.bytesRead);
    }
    return readNow;
  }

  /** Cuts all that are left. @returns how many */
  end(): number {
    clearInterval(this.#timer);
    const { size } = this;
    for (const socket of this.#lastUse.keys()) socket.destroy();
    return size;
  }
}
