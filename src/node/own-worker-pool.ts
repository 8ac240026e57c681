import { Pool } from 'undici';
import { forwardedCallsMax, forwardedHeadBytesMax, forwardedIdleMs, leaveQuietMs } from './limits.ts';

/** One of a project's own workers, as a shared worker has to do with it. */
interface Peer {
  readonly pool: Pool;
  calls: number;
}

/**
 * The connections of a shared worker to the workers of one project. Each request goes to the one that has the fewest from here: a
 * worker that has gone, and whose socket waits for its successor, soon has the most.
 */
export class OwnWorkerPool {
  readonly #peers: readonly Peer[];
  #calls = 0;

  constructor(sockets: readonly string[]) {
    this.#peers = sockets.map((socketPath) => ({ pool: makePool(socketPath), calls: 0 }));
  }

  /** Takes a call on. @returns how to reach the worker that it is for; undefined when there are too many already */
  take(): { readonly pool: Pool; readonly done: () => void } | undefined {
    if (this.#calls >= forwardedCallsMax) return undefined;
    let least: Peer | undefined;
    for (const peer of this.#peers) if (least === undefined || peer.calls < least.calls) least = peer;
    if (least === undefined) return undefined;
    const peer = least;
    peer.calls += 1;
    this.#calls += 1;
    const done = (): void => {
      peer.calls -= 1;
      this.#calls -= 1;
    };
    return { pool: peer.pool, done };
  }

  /** Closes the connections once the calls that have them are done. */
  async close(): Promise<void> {
    await Promise.all(this.#peers.map(({ pool }) => pool.close()));
  }

  /** Closes them now. */
  async destroy(): Promise<void> {
    await Promise.all(this.#peers.map(({ pool }) => pool.destroy()));
  }
}

/** What answers is a worker that runs what others have written, and may be theirs by now: all that it can be slow or large at has a bound. */
function makePool(socketPath: string): Pool {
  return new Pool('http://own', {
    socketPath,
    connections: forwardedCallsMax,
    pipelining: 1,
    maxHeaderSize: forwardedHeadBytesMax,
    // A worker that leaves keeps idle connections for longer, so that none is used just when it is closed.
    keepAliveTimeout: forwardedIdleMs,
    keepAliveMaxTimeout: forwardedIdleMs,
    connect: { timeout: leaveQuietMs },
  });
}
