import { ServerResponse } from 'node:http';

/**
 * node:http's response, with a short way for the answer that nearly every request gets: one that is all there, is small, and
 * leaves the connection open. Head and body then go out as one string, in one write. node's own way puts the same string
 * together in a dozen steps, for headers that come one by one and bodies that come in parts, and checks once more what the
 * gateway has checked: a quarter of what it takes for a request.
 *
 * Everything else about the response stays node's: the order of pipelined responses, keep-alive, what is unread of a request.
 * All that it waits for is `finish`. docs/decisions/0007 has the whole of it.
 */
export class WholeResponse extends ServerResponse {
  #isEnded = false;

  /** Whether nothing more can be sent. */
  get isEnded(): boolean {
    return this.#isEnded || this.writableEnded;
  }

  /** Whether `endWhole` and `sendWhole` can be used: nothing is sent yet, and the connection is one that goes on. */
  get takesWhole(): boolean {
    return (
      this.shouldKeepAlive &&
      this.req.httpVersionMinor === 1 &&
      !this.headersSent &&
      !this.isEnded &&
      this.socket?.writable === true
    );
  }

  /** Ends the response; `sendWhole` follows within this turn of the event loop. */
  endWhole(): void {
    this.#isEnded = true;
  }

  /** `text` is what goes over the wire, a byte a character. */
  sendWhole(text: string): void {
    this.socket?.write(text, 'latin1', (error) => {
      if (error === null || error === undefined) this.emit('finish');
    });
  }
}
