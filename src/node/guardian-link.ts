import { randomUUID } from 'node:crypto';
import type { ChildId, ChildSpec, Exit, FromGuardian, Stop, SupervisorStart, ToGuardian } from './guardian-protocol.ts';

/** A process that the guardian has started for the supervisor. */
export interface ChildLink {
  /** Known once it has been started. */
  readonly pid: number | undefined;
  /** When it has ended. */
  readonly exited: Promise<Exit>;
  /** Where its messages go from now on. */
  onMessage(listener: (message: unknown) => void): void;
  /** Sends it `message`: with the socket of a place or of a path, where one is given; `note` is for the supervisor that comes after this one. */
  send(message: object, extra?: { readonly socket?: number | string; readonly note?: unknown }): void;
  kill(): void;
}

/** A process that an earlier supervisor had started. */
export interface AdoptedChild {
  readonly link: ChildLink;
  /** What that one noted about it. */
  readonly note: unknown;
}

/** Has a process started; `note` is for the supervisor that comes after this one. */
export type SpawnChild = (spec: ChildSpec, note: unknown) => ChildLink;

/** What of a process a link needs. */
export interface Channel {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  send?(message: object, callback: () => void): unknown;
}

/** What the guardian asks of a supervisor. */
export interface GuardianOrders {
  start(start: SupervisorStart, children: readonly AdoptedChild[]): void;
  stop(stop: Stop): void;
  /** The guardian is gone. */
  orphaned(): void;
}

/** The supervisor's end of the channel to its guardian. */
export class GuardianLink {
  readonly #channel: Channel;
  readonly #children = new Map<ChildId, Child>();

  constructor(channel: Channel, orders: GuardianOrders) {
    this.#channel = channel;
    // Only guardian.ts speaks on this channel.
    channel.on('message', (message) => this.#receive(message as FromGuardian, orders));
    channel.on('disconnect', () => orders.orphaned());
  }

  tell(message: ToGuardian): void {
    // A guardian that is gone says so by the end of the channel.
    this.#channel.send?.(message, () => {});
  }

  spawn(spec: ChildSpec, note: unknown): ChildLink {
    // Unlike any that a supervisor before this one may have made.
    const id = randomUUID() as string as ChildId;
    const child = this.#enrol(id, undefined);
    this.tell({ kind: 'spawn', id, spec, note });
    return child;
  }

  #enrol(id: ChildId, pid: number | undefined): Child {
    const child = new Child(id, pid, (message) => this.tell(message));
    this.#children.set(id, child);
    return child;
  }

  #receive(message: FromGuardian, orders: GuardianOrders): void {
    switch (message.kind) {
      case 'start':
        orders.start(
          message,
          message.children.map(({ id, pid, note }) => ({ link: this.#enrol(id, pid), note })),
        );
        break;
      case 'stop':
        orders.stop(message);
        break;
      case 'spawned':
        this.#children.get(message.id)?.spawned(message.pid);
        break;
      case 'message':
        this.#children.get(message.id)?.received(message.message);
        break;
      case 'exited':
        this.#children.get(message.id)?.ended(message.exit);
        this.#children.delete(message.id);
        break;
    }
  }
}

class Child implements ChildLink {
  readonly #id: ChildId;
  readonly #tell: (message: ToGuardian) => void;
  readonly #exited = Promise.withResolvers<Exit>();
  #pid: number | undefined;
  #listener: (message: unknown) => void = () => {};

  constructor(id: ChildId, pid: number | undefined, tell: (message: ToGuardian) => void) {
    this.#id = id;
    this.#pid = pid;
    this.#tell = tell;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  get exited(): Promise<Exit> {
    return this.#exited.promise;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#listener = listener;
  }

  send(message: object, extra: { readonly socket?: number | string; readonly note?: unknown } = {}): void {
    this.#tell({ kind: 'send', id: this.#id, message, ...extra });
  }

  kill(): void {
    this.#tell({ kind: 'kill', id: this.#id });
  }

  spawned(pid: number): void {
    this.#pid = pid;
  }

  received(message: unknown): void {
    this.#listener(message);
  }

  ended(exit: Exit): void {
    this.#exited.resolve(exit);
  }
}
