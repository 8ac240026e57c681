/**
 * A session with the preview1 host, as a hostile guest would have it: sequences of calls, made of any bytes. What has to hold:
 *
 * - no call throws, stops the guest by itself, or answers anything but an errno or that it would block
 * - nothing is written but guest memory, and every page that is written to is marked
 * - a session goes the same on a host that had another one before as on a new one, and leaves nothing waiting
 */
import {
  blocked,
  BytesInput,
  BytesOutput,
  GuestMemory,
  P1Host,
  type P1Name,
  Preopen,
  type Tree,
  TreeBuilder,
} from '../../src/wasi/mod.ts';
import { ManualTimers } from '../support/p1-guest.ts';
import { argumentsOf, guestBytes, names, Place, Prepare, SessionBytes, words } from './wasi-values.ts';

const base = 65_536;
const grownBytesAt = base - 60;
const callsMax = 200;
const retriesMax = 3;
const waits = 'waits';
const lastErrno = 76;
const outputBytesMax = 256 * 1024;
const fileBytesMax = 6000;
const pageShift = 12;
const zeros: Buffer = Buffer.alloc(4 * base);

/** How a session went. */
export interface Trace {
  /** Calls with what they answered. */
  readonly answers: string[];
  /** All that the guest has and has said at the end. */
  readonly ending: readonly Buffer[];
}

/** What only one of two requests is given: what it holds must never be seen by the other. */
function request(secret: string): { tree: Tree; args: string[]; environ: () => string; stdin: Buffer } {
  const tree = new TreeBuilder()
    .file('f', Buffer.from(`file of ${secret}`))
    .directory('d')
    .file('d/x', Buffer.alloc(5000, secret))
    .symbolicLink('l', 'f')
    .symbolicLink('loop', 'loop')
    .symbolicLink('up', '../..')
    .build();
  return {
    tree,
    args: ['program', secret],
    environ: () => `SECRET=${secret}\0`,
    stdin: Buffer.from(`stdin of ${secret}`),
  };
}

/** A slot with its memory, as the engine has it: the memory has grown once, and the guest is told of two pages. */
export class WasiSlot {
  readonly problems: string[] = [];
  readonly #raw: WebAssembly.Memory;
  readonly #memory: GuestMemory;
  readonly #timers = new ManualTimers();
  readonly #host: P1Host;
  #stops = 0;
  #drawn = 0;
  #hasGrown = false;

  /** Made on a memory that is all zeros, which it leaves so. */
  constructor(raw: WebAssembly.Memory) {
    this.#raw = raw;
    this.#memory = new GuestMemory(raw, { baseBytes: base, initialBytes: guestBytes, grownBytesAt });
    const clock = { monotonicMs: () => this.#timers.nowMs, wallMs: () => 1_700_000_000_000 + this.#timers.nowMs };
    const random = { fill: (target: Uint8Array) => void target.fill(++this.#drawn % 256) };
    const context = { memory: this.#memory, stop: () => void (this.#stops += 1) };
    this.#host = new P1Host(context, { clock, random, timers: this.#timers }, { fileBytesMax });
  }

  /** Serves the session that `session` says, to a guest that knows `secret`, and rewinds. */
  serve(session: Uint8Array, secret: string): Trace {
    const { tree, stdin, ...strings } = request(secret);
    const [stdout, stderr] = [new BytesOutput(outputBytesMax), new BytesOutput(outputBytesMax)];
    const preopens = [new Preopen('/', tree), new Preopen('/again', tree)];
    this.#host.bind({ ...strings, stdin: new BytesInput(stdin), stdout, stderr, preopens });
    const answers = this.#play(new SessionBytes(session));
    if (this.#host.bug !== undefined) this.problems.push(`a mistake: ${stackOf(this.#host.bug)}`);
    this.#checkMemory();
    const guest = Buffer.from(new Uint8Array(this.#raw.buffer, base, this.#memory.lengthBytes));
    const ending = [
      guest,
      Buffer.from(stdout.bytes()),
      Buffer.from(stderr.bytes()),
      Buffer.from(`${this.#host.exitCode}`),
    ];
    this.#host.unbind();
    if (this.#timers.waiting > 0) this.problems.push('a timer is left');
    this.#rewind();
    return { answers, ending };
  }

  #rewind(): void {
    new Uint8Array(this.#raw.buffer).fill(0);
    this.#memory.rewound();
    this.#timers.nowMs = 0;
    this.#stops = 0;
    this.#drawn = 0;
    this.#hasGrown = false;
  }

  #play(bytes: SessionBytes): string[] {
    const answers: string[] = [];
    const pathLengths: number[] = [];
    while (!bytes.done && answers.length < callsMax && this.#stops === 0) {
      const what = bytes.next();
      if (what >= Prepare.path) {
        this.#prepare(what, bytes, pathLengths);
        continue;
      }
      const name = names[what % names.length] ?? 'sched_yield';
      const answer = this.#call(name, argumentsOf(name, bytes, pathLengths));
      answers.push(`${name} ${answer}`);
      // As when a guest is ended in the middle of a call.
      if (answer === waits) return answers;
    }
    return answers;
  }

  /** Makes a call, and again for as long as it would block. @returns what it answered, with a dot for each time that it would block */
  #call(name: P1Name, values: readonly (number | bigint)[]): string {
    const run = this.#host.imports['wasi_snapshot_preview1']?.[name] as (...given: unknown[]) => unknown;
    for (let attempt = 0; ; attempt++) {
      let answer: unknown;
      try {
        answer = run(...values);
      } catch (error) {
        this.problems.push(`${name}(${values.join(', ')}) threw ${stackOf(error)}`);
        return 'threw';
      }
      if (answer !== blocked) {
        const isErrno = typeof answer === 'number' && answer >= 0 && answer <= lastErrno;
        if (!isErrno && name !== 'proc_exit')
          this.problems.push(`${name}(${values.join(', ')}) answered ${String(answer)}`);
        return `${String(answer)}${'.'.repeat(attempt)}`;
      }
      this.#host.whenReady(() => {});
      this.#timers.pass(10);
      if (attempt === retriesMax) return waits;
    }
  }

  /** Puts something into the guest's memory, as the guest would. */
  #prepare(what: number, bytes: SessionBytes, pathLengths: number[]): void {
    const memory = this.#memory;
    const slot = bytes.next() % 16;
    switch (Prepare.path + (what % 5)) {
      case Prepare.path: {
        const text = Buffer.from(
          [bytes.next(), bytes.next()].map((word) => words[word % words.length] ?? '').join(''),
          'latin1',
        ).subarray(0, 64);
        pathLengths[slot] = text.byteLength;
        return memory.write(Place.paths + 64 * slot, text);
      }
      case Prepare.list: {
        const at = Place.lists + 64 * (slot % 8);
        for (let entry = 0; entry < 4; entry++) {
          memory.setU32(at + 8 * entry, bytes.hostile() ?? Place.results + 16 * bytes.next());
          memory.setU32(at + 8 * entry + 4, bytes.hostile() ?? bytes.next());
        }
        return undefined;
      }
      case Prepare.subscription: {
        const at = Place.subscriptions + 48 * (slot % 4);
        memory.setU64(at, bytes.wide());
        memory.setU8(at + 8, bytes.next() % 4);
        memory.setU32(at + 16, bytes.hostile() ?? bytes.next() % 8);
        memory.setU64(at + 24, bytes.wide());
        memory.setU64(at + 32, bytes.wide());
        return memory.setU16(at + 40, bytes.next() % 3);
      }
      case Prepare.time:
        return this.#timers.pass(bytes.next());
      default:
        // The guest grows by the page that the slot has already.
        this.#hasGrown = true;
        return new DataView(this.#raw.buffer).setUint32(grownBytesAt, 65_536, true);
    }
  }

  #checkMemory(): void {
    const physical = new Uint8Array(this.#raw.buffer);
    const pages = (physical.byteLength - base) >> pageShift;
    const marks = physical.subarray(0, pages);
    if (marks.some((mark) => mark > 1)) this.problems.push('a mark is neither 0 nor 1');
    const isClear = (from: number, to: number): boolean =>
      zeros.subarray(0, to - from).equals(physical.subarray(from, to));
    if (!isClear(pages, grownBytesAt) || !isClear(grownBytesAt + 4, base))
      this.problems.push("the engine's part was written to");
    if (!this.#hasGrown && !isClear(base + guestBytes, physical.byteLength))
      this.problems.push("what is not the guest's was written to");
    for (let page = 0; page < pages; page++) {
      const from = base + (page << pageShift);
      if (marks[page] === 0 && !isClear(from, from + (1 << pageShift)))
        this.problems.push(`page ${page} was written to and not marked`);
    }
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** A memory for slots: the guest's two pages, one for the engine, and one that another guest has grown it by. */
export function makeMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 4, maximum: 4 });
}

/** Serves a session on a new host, and on one that has served another before. @returns how it went, and what must not be */
export function trySession(
  raw: WebAssembly.Memory,
  session: Uint8Array,
  before: Uint8Array,
): { trace: Trace; problems: string[] } {
  const fresh = new WasiSlot(raw);
  const trace = fresh.serve(session, 'mine-1234567890');
  const used = new WasiSlot(raw);
  used.serve(before, 'others-123456789');
  const again = used.serve(session, 'mine-1234567890');
  const problems = [...fresh.problems, ...used.problems];
  if (trace.answers.join() !== again.answers.join()) {
    const at = trace.answers.findIndex((answer, index) => answer !== again.answers[index]);
    problems.push(`after another session call ${at} answered ${again.answers[at]}, not ${trace.answers[at]}`);
  } else if (trace.ending.some((part, index) => !part.equals(again.ending[index] ?? Buffer.of()))) {
    problems.push('after another session it ended otherwise');
  }
  return { trace, problems };
}

/** A session and the one before it as one file: the length of the first, 2 bytes, and both. */
export function packSessions(session: Uint8Array, before: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([session.byteLength & 0xff, session.byteLength >> 8, ...session, ...before]);
}

/** Serves the two sessions of a file. @returns what must not be */
export function tryPacked(bytes: Uint8Array): string[] {
  const length = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  return trySession(makeMemory(), bytes.subarray(2, 2 + length), bytes.subarray(2 + length)).problems;
}
