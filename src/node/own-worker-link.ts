import type { ProjectId } from '../base/mod.ts';
import type { ChildLink } from './guardian-link.ts';
import type { Exit } from './guardian-protocol.ts';

/** Which of a project's sets of workers one belongs to: for the supervisor that comes after this one. */
export interface OwnSetName {
  readonly project: ProjectId;
  /** Unlike that of any other set of the node. */
  readonly key: string;
  readonly places: number;
}

/** What is noted about a worker of such a set: what its set notes, and which that is. */
export interface OwnNote {
  readonly own: OwnSetName;
  readonly note: unknown;
}

/** Whether a note of a supervisor before this one is about a worker of a project's own. */
export function isOwnNote(note: unknown): note is OwnNote {
  // Nobody else has the guardian keep notes, and all who do have these types.
  return typeof note === 'object' && note !== null && 'own' in note;
}

/** A worker of a project's own, to a set of workers that counts its places from 0 as every other does. */
export class OwnWorkerLink implements ChildLink {
  readonly #link: ChildLink;
  readonly #name: OwnSetName;
  readonly #sockets: readonly string[];

  /** @param sockets by place */
  constructor(link: ChildLink, name: OwnSetName, sockets: readonly string[]) {
    this.#link = link;
    this.#name = name;
    this.#sockets = sockets;
  }

  get pid(): number | undefined {
    return this.#link.pid;
  }

  get exited(): Promise<Exit> {
    return this.#link.exited;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#link.onMessage(listener);
  }

  send(message: object, { socket, note }: { readonly socket?: number | string; readonly note?: unknown } = {}): void {
    const path = typeof socket === 'number' ? this.#sockets[socket] : socket;
    const own: OwnNote | undefined = note === undefined ? undefined : { own: this.#name, note };
    this.#link.send(message, {
      ...(path === undefined ? {} : { socket: path }),
      ...(own === undefined ? {} : { note: own }),
    });
  }

  kill(): void {
    this.#link.kill();
  }
}
