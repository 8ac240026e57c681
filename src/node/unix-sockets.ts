import { chmodSync, rmSync } from 'node:fs';
import { createHandle, type Handle, systemError } from './listening-sockets.ts';

/**
 * The sockets of workers that take requests from other workers. As with those of the node's address, the guardian holds them and
 * listens on none: what comes while a worker is away waits for the next one.
 */
export class UnixSockets {
  readonly #handles = new Map<string, Handle>();

  /** The socket of this path, which is opened when there is none yet. Only this user may connect to it. */
  of(path: string): Handle | Error {
    const found = this.#handles.get(path);
    if (found !== undefined) return found;
    // One that a killed guardian has left: nobody listens there, as only one node has the folder.
    rmSync(path, { force: true });
    const handle = createHandle(path, -1, -1, undefined, 0);
    if (typeof handle === 'number') return systemError(handle);
    this.#handles.set(path, handle);
    chmodSync(path, 0o600);
    return handle;
  }

  /** Gives one up, and removes its file. */
  closeOne(path: string): void {
    const handle = this.#handles.get(path);
    this.#handles.delete(path);
    handle?.close();
  }

  close(): void {
    for (const path of this.#handles.keys()) this.closeOne(path);
  }
}
