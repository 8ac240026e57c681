import { type ChildProcess, fork } from 'node:child_process';
import type { ChildLink, SpawnChild } from './guardian-link.ts';
import type { Exit } from './guardian-protocol.ts';
import type { ListeningSockets } from './listening-sockets.ts';

/** Starts workers as children of this very process, which is guardian and supervisor in one: they end when it does. */
export function spawnLocally(sockets: ListeningSockets): SpawnChild {
  return ({ file, execArgv, env }) => {
    // As the guardian starts them: JSON, and an environment that holds nothing of the developer's.
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
    return new LocalChild(fork(file, { execArgv: [...execArgv], env: { ...env }, stdio: [...stdio] }), sockets);
  };
}

class LocalChild implements ChildLink {
  readonly #process: ChildProcess;
  readonly #sockets: ListeningSockets;
  readonly exited: Promise<Exit>;

  constructor(child: ChildProcess, sockets: ListeningSockets) {
    this.#process = child;
    this.#sockets = sockets;
    const { promise, resolve } = Promise.withResolvers<Exit>();
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', () => {
      // One that was started says how it has ended by its exit.
      if (child.pid === undefined) resolve({ code: 1, signal: null });
    });
    this.exited = promise;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#process.on('message', listener);
  }

  send(message: object, { socket }: { readonly socket?: number | string } = {}): void {
    // One that has ended meanwhile says so by its exit.
    if (!this.#process.connected) return;
    // A developer's node has no project with workers of its own, and no other sockets.
    const handle = typeof socket === 'number' ? this.#sockets.of(socket) : undefined;
    // Node takes handles of its own kind; its types know sockets and servers alone.
    this.#process.send(message, handle as never, {}, () => {});
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
