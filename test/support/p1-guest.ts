/** A guest made by hand: its memory, its preview1 host, and calls by name, with clocks and timers that a test moves. */
import assert from 'node:assert/strict';
import {
  BytesOutput,
  emptyInput,
  emptyTree,
  GuestMemory,
  type GuestMemoryLayout,
  P1Host,
  type P1Name,
  type P1Options,
  type P1Request,
  Preopen,
  type Timers,
} from '../../src/wasi/mod.ts';

const pageBytes = 65_536;
const rightsAll = 0x3fff_ffffn;
const outputBytesMax = 1024 * 1024;

/** Timers that ring when `pass` says so. */
export class ManualTimers implements Timers {
  nowMs = 0;
  #waiting: { atMs: number; wake: () => void }[] = [];

  after(delayMs: number, wake: () => void): () => void {
    const entry = { atMs: this.nowMs + delayMs, wake };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  pass(ms: number): void {
    this.nowMs += ms;
    const due = this.#waiting.filter((entry) => entry.atMs <= this.nowMs);
    this.#waiting = this.#waiting.filter((entry) => entry.atMs > this.nowMs);
    for (const { wake } of due) wake();
  }
}

export class TestGuest {
  readonly memory: GuestMemory;
  readonly raw: WebAssembly.Memory = new WebAssembly.Memory({ initial: 4 });
  readonly host: P1Host;
  readonly timers: ManualTimers = new ManualTimers();
  readonly stdout: BytesOutput = new BytesOutput(outputBytesMax);
  readonly stderr: BytesOutput = new BytesOutput(outputBytesMax);
  stops = 0;
  /** What the wall clock shows when the timers stand at 0. */
  wallStartMs = 1_700_000_000_000;
  #freeFrom = 1024;

  constructor(options: P1Options = {}, layout?: GuestMemoryLayout) {
    this.memory = new GuestMemory(this.raw, layout);
    const clock = {
      monotonicMs: () => this.timers.nowMs,
      wallMs: () => this.wallStartMs + this.timers.nowMs,
    };
    let next = 1;
    const random = { fill: (target: Uint8Array) => void target.fill(next++ % 256) };
    const context = { memory: this.memory, stop: () => void (this.stops += 1) };
    this.host = new P1Host(context, { clock, random, timers: this.timers }, options);
  }

  /** Binds a request that has a root directory, and what else is given. */
  bind(request: Partial<P1Request> = {}): this {
    this.host.bind({
      args: ['program'],
      environ: () => '',
      stdin: emptyInput,
      stdout: this.stdout,
      stderr: this.stderr,
      preopens: [new Preopen('/', emptyTree)],
      ...request,
    });
    return this;
  }

  /** Makes a call, and answers what it answers. */
  call(name: P1Name, ...values: readonly (number | bigint)[]): number | undefined {
    const run = this.host.imports['wasi_snapshot_preview1']?.[name] as (...given: unknown[]) => number | undefined;
    return run(...values);
  }

  /** Takes bytes of memory that nobody else uses. */
  take(lengthBytes: number): number {
    const at = this.#freeFrom;
    this.#freeFrom = Math.ceil((at + lengthBytes) / 8) * 8;
    if (this.#freeFrom > this.memory.lengthBytes)
      this.raw.grow(Math.ceil((this.#freeFrom - this.memory.lengthBytes) / pageBytes));
    return at;
  }

  /** Puts text into memory. @returns where, and how many bytes: the two parameters of a path */
  text(text: string): [number, number] {
    const bytes = Buffer.from(text);
    const at = this.take(bytes.byteLength);
    this.memory.write(at, bytes);
    return [at, bytes.byteLength];
  }

  /** Puts a list of buffers into memory. @returns where the list is, and how long: the two parameters of a list */
  vectors(...buffers: readonly (readonly [pointer: number, lengthBytes: number])[]): [number, number] {
    const at = this.take(8 * buffers.length);
    for (const [index, [pointer, lengthBytes]] of buffers.entries()) {
      this.memory.setU32(at + 8 * index, pointer);
      this.memory.setU32(at + 8 * index + 4, lengthBytes);
    }
    return [at, buffers.length];
  }

  /** Opens a path below `fd`. @returns the errno, and the new descriptor where there is one */
  open(fd: number, path: string, options: OpenOptions = {}): [errno: number | undefined, opened: number] {
    const result = this.take(4);
    const { oflags = 0, inheriting = rightsAll, fdflags = 0, follow = 1 } = options;
    // A directory cannot be opened to be written to.
    const rights = options.rights ?? ((oflags & 2) === 0 ? rightsAll : rightsAll & ~0x40n);
    const errno = this.call('path_open', fd, follow, ...this.text(path), oflags, rights, inheriting, fdflags, result);
    return [errno, this.memory.u32(result)];
  }

  /** Writes text to a descriptor. @returns the errno, and how many bytes were taken */
  write(fd: number, text: string): [errno: number | undefined, count: number] {
    const result = this.take(4);
    const errno = this.call('fd_write', fd, ...this.vectors(this.text(text)), result);
    return [errno, this.memory.u32(result)];
  }

  /** Reads from a descriptor. @returns the errno, and what was read */
  read(fd: number, lengthBytes: number): [errno: number | undefined, text: string] {
    const result = this.take(4);
    const buffer = this.take(lengthBytes);
    const errno = this.call('fd_read', fd, ...this.vectors([buffer, lengthBytes]), result);
    const count = errno === 0 ? this.memory.u32(result) : 0;
    return [errno, Buffer.from(this.memory.bytes(buffer, count)).toString()];
  }

  /** Makes a file in the root directory, or opens it. @returns its descriptor */
  create(path: string, text = ''): number {
    const [errno, fd] = this.open(3, path, { oflags: 1 });
    assert.equal(errno, 0);
    if (text !== '') assert.deepEqual(this.write(fd, text), [0, Buffer.byteLength(text)]);
    return fd;
  }

  /** @returns what is known of a path, links not followed, or the errno */
  stat(path: string, fd = 3): Filestat | number | undefined {
    const at = this.take(64);
    const errno = this.call('path_filestat_get', fd, 0, ...this.text(path), at);
    return errno === 0 ? this.#filestat(at) : errno;
  }

  statOf(fd: number): Filestat {
    const at = this.take(64);
    assert.equal(this.call('fd_filestat_get', fd, at), 0);
    return this.#filestat(at);
  }

  /** @returns the new position, or the errno */
  seek(fd: number, delta: bigint, whence: 0 | 1 | 2 | 3): bigint | number | undefined {
    const at = this.take(8);
    const errno = this.call('fd_seek', fd, delta, whence, at);
    return errno === 0 ? this.memory.u64(at) : errno;
  }

  mkdir(path: string, fd = 3): number | undefined {
    return this.call('path_create_directory', fd, ...this.text(path));
  }

  rmdir(path: string): number | undefined {
    return this.call('path_remove_directory', 3, ...this.text(path));
  }

  unlink(path: string): number | undefined {
    return this.call('path_unlink_file', 3, ...this.text(path));
  }

  symlink(target: string, path: string): number | undefined {
    return this.call('path_symlink', ...this.text(target), 3, ...this.text(path));
  }

  rename(from: string, to: string): number | undefined {
    return this.call('path_rename', 3, ...this.text(from), 3, ...this.text(to));
  }

  link(from: string, to: string): number | undefined {
    return this.call('path_link', 3, 0, ...this.text(from), 3, ...this.text(to));
  }

  #filestat(at: number): Filestat {
    return {
      dev: this.memory.u64(at),
      ino: this.memory.u64(at + 8),
      filetype: this.memory.u8(at + 16),
      nlink: this.memory.u64(at + 24),
      size: this.memory.u64(at + 32),
      atim: this.memory.u64(at + 40),
      mtim: this.memory.u64(at + 48),
      ctim: this.memory.u64(at + 56),
    };
  }
}

export interface Filestat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly filetype: number;
  readonly nlink: bigint;
  readonly size: bigint;
  readonly atim: bigint;
  readonly mtim: bigint;
  readonly ctim: bigint;
}

export interface OpenOptions {
  readonly oflags?: number;
  readonly rights?: bigint;
  readonly inheriting?: bigint;
  readonly fdflags?: number;
  readonly follow?: 0 | 1;
}
