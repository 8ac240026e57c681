/** The functions of the node under attack: hostile ones, some of the test guests, and the victim. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '../../src/base/mod.ts';
import { guest as guestPath } from '../support/node-under-test.ts';
import type { HostileFunction } from './attack.ts';
import { boundaryGuest } from './boundary.ts';
import { hostileGuest } from './guests.ts';
import { canaryWord } from './leaks.ts';

type Limits = HostileFunction['limits'];

/** Guests that use the CPU are to end by that, however little of it a busy machine gives them. */
const usual: Limits = { wallMs: 20_000, memoryBytes: 16 * mib, responseBodyBytes: 4 * mib };
/** Of those that wait, or whose clients do, for ever. */
const waits: Limits = { wallMs: 2000 };

function own(name: string, limits: Limits = {}): [string, HostileFunction] {
  const { bytes, attacks } = hostileGuest(name);
  return [name, { bytes: () => bytes, attacks, limits: { ...usual, ...limits } }];
}

function shared(name: string, limits: Limits = {}): [string, HostileFunction] {
  const bytes = (): Uint8Array => new Uint8Array(readFileSync(guestPath(name)));
  return [name, { bytes, attacks: [], limits: { ...usual, ...limits } }];
}

const boundary = boundaryGuest();

/** Targets of `boundary` that have to trap. */
export const boundaryTargets: readonly string[] = boundary.targets;

/** By name, which is also where they are mounted. */
export const functions: ReadonlyMap<string, HostileFunction> = new Map([
  own('loops'),
  own('loops-exnref'),
  own('stack'),
  own('catching', waits),
  own('memory', { memoryBytes: 32 * mib, cpuMs: 200 }),
  own('memories'),
  own('tables'),
  own('tables-growing'),
  own('image-large', { memoryBytes: 32 * mib }),
  own('output', waits),
  own('host', waits),
  own('relay'),
  own('scan', { cpuMs: 5000, wallMs: 10_000 }),
  ['boundary', { bytes: () => boundary.guest.bytes, attacks: boundary.guest.attacks, limits: usual }],
  shared('canary'),
  shared('crash'),
  shared('grower'),
  shared('hog'),
  shared('hog-bulk', { memoryBytes: 64 * mib }),
  shared('hog-pages', { memoryBytes: 64 * mib, cpuMs: 200 }),
  shared('hog-table'),
  shared('random'),
  shared('sleeper', waits),
  shared('state-globals'),
  shared('state-segments'),
  shared('state-tables'),
  shared('stdin', { ...waits, requestBodyBytes: mib }),
  shared('stores'),
  shared('writer', waits),
]);

/** The number by which `name` is asked for its attack. */
export function attackNumber(name: string, attack: string): number {
  const index = functions.get(name)?.attacks.indexOf(attack) ?? -1;
  if (index < 0) throw new Error(`${name} has no attack ${attack}`);
  return index + 1;
}

/** Writes a folder with all of them and the victim, or those that are `wanted`, for `mayfly serve`. */
export function writeFunctions(folder: string, wanted: ReadonlySet<string>): void {
  for (const [name, { bytes, limits }] of functions) {
    if (wanted.has(name)) writeFunction(folder, name, bytes(), limits, '');
  }
  const secret = `[vars]\nSECRET = "${canaryWord}-variable-of-the-victim"\n`;
  writeFunction(folder, 'victim', hostileGuest('victim').bytes, {}, secret);
}

function writeFunction(folder: string, name: string, bytes: Uint8Array, limits: Limits, more: string): void {
  const inside = join(folder, name);
  mkdirSync(inside, { recursive: true });
  writeFileSync(join(inside, `${name}.wasm`), bytes);
  const lines = Object.entries(limits).map(([limit, value]) => `${limit} = ${value}\n`);
  writeFileSync(
    join(inside, 'mayfly.toml'),
    `name = "${name}"\nmain = "${name}.wasm"\n[limits]\n${lines.join('')}${more}`,
  );
}
