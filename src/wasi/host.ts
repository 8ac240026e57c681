import type { GuestMemory } from './guest-memory.ts';

/**
 * What a host answers from a call that cannot finish yet (every bit set, which no errno is). The shim that the rewriter
 * puts around the import then parks the guest on `Host.whenReady` and, once woken, makes the same call again.
 */
export const blocked = -1;

/** A function a guest imports. It never throws: a JavaScript exception could be caught by the guest's `catch_all`. */
export type HostFunction = (...args: never[]) => number | bigint | undefined | void;

/** The functions a host offers, by import module and name. */
export type HostImports = Readonly<Record<string, Readonly<Record<string, HostFunction>>>>;

/** What the engine offers the hosts of a slot. Made once for the slot, never per request. */
export interface HostContext {
  /** The guest's memory. */
  readonly memory: GuestMemory;
  /** Ends the guest at its next check: it never runs another instruction of its own after the host call it is in. */
  stop(): void;
}

/**
 * One slot's side of an ABI: lives as long as the slot (process), and is bound to one request after another. What it holds
 * for a request is gone after `unbind`.
 */
export interface Host<Request> {
  readonly imports: HostImports;
  /** Starts serving `request`. */
  bind(request: Request): void;
  /** Forgets all of the request: descriptors, files, streams, pending waits. */
  unbind(): void;
  /**
   * After a call answered `blocked`: calls `wake` once, when that call is worth making again. That can be at once, before
   * this returns; and it can be in vain, so that the call answers `blocked` again. Never after `unbind`.
   */
  whenReady(wake: () => void): void;
}
