/**
 * The words of the corpus. An attack is data: what it sends, what it aims at, and how it may end. Whatever it is, all of this must
 * stay true meanwhile: the node and its workers live, the victim is served, nobody's bytes reach anybody else, and no answer tells
 * of the inside.
 */
import type { ErrorCode } from '../../src/base/mod.ts';

/** An artifact that must not become an image, or that must become a harmless one. */
export interface ArtifactAttack {
  readonly kind: 'artifact';
  readonly name: string;
  /** What it aims at. */
  readonly attacks: string;
  readonly bytes: () => Uint8Array;
  /** How building may end: refused by one of these codes, or `built`. */
  readonly ends: readonly (ErrorCode | 'built')[];
  /** What V8 refuses has to be invalid after the rewriting too, even if nobody asks V8 before. */
  readonly rewritten?: 'stays invalid';
  /** `builder`: takes so much time or memory that only a process to be lost should see it. */
  readonly where: 'builder' | 'anywhere';
}

/**
 * How one exchange of HTTP may end, as text: `200`, or `503 cpu_limit` with the code of a problem, or `cut` for an answer that
 * was begun and not finished, or `none` for a connection that got no answer. Several answers on one connection are joined by commas.
 */
export type Ending = string;

/** A request to a hostile function. */
export interface GuestAttack {
  readonly kind: 'guest';
  readonly name: string;
  readonly attacks: string;
  /** The function in `functions` below. */
  readonly function: string;
  /** Paths and queries behind the function's own, each a request of its own. */
  readonly targets: readonly string[];
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | (() => string);
  readonly ends: readonly Ending[];
  /** What a response that is no problem has to say. */
  readonly says?: RegExp;
  /** Requests at once, of each target; 1 unless told. */
  readonly atOnce?: number;
  /** Rounds in which all of it is sent; what the runner was told unless less is enough. */
  readonly rounds?: number;
  /** What to ask the same function afterwards, on the same connection, and what it has to say then. */
  readonly afterwards?: { readonly target: string; readonly says: RegExp };
}

/** One step of a client that speaks to the socket itself. */
export type Step =
  /** Bytes, one a character, `repeat` times. */
  | { readonly send: string; readonly repeat?: number; readonly everyMs?: number }
  | { readonly waitMs: number }
  /** Stops reading what comes. */
  | { readonly reading: 'stopped' | 'resumed' }
  /** Says that no more comes; or cuts the connection, politely or not. */
  | { readonly leave: 'half' | 'close' | 'reset' };

/** A client that misuses HTTP or TCP. */
export interface ClientAttack {
  readonly kind: 'client';
  readonly name: string;
  readonly attacks: string;
  readonly steps: readonly Step[];
  /** Connections that do so at once; 1 unless told. */
  readonly connections?: number;
  readonly ends: readonly Ending[];
  /** How long the node may take to be done with a connection after the last step. */
  readonly withinMs?: number;
  readonly rounds?: number;
}

/** A command that is run by itself: `mayfly run`. */
export interface CommandAttack {
  readonly kind: 'command';
  readonly name: string;
  readonly attacks: string;
  readonly guest: string;
  readonly attack: string;
  readonly exitCodes: readonly number[];
  readonly says: RegExp;
  /** What the process may take at most. */
  readonly rssBytesMax: number;
}

export type Attack = ArtifactAttack | GuestAttack | ClientAttack | CommandAttack;

/** A hostile function, and its manifest's limits. */
export interface HostileFunction {
  readonly bytes: () => Uint8Array;
  /** The numbers by which requests ask for its attacks. */
  readonly attacks: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}
