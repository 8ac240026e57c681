import { MayflyError, mib, wasmPageBytes } from '../base/mod.ts';
import type { GuestMemoryLayout } from '../wasi/mod.ts';
import { grownBytesAt, type ResetMode } from '../wasm/mod.ts';
import type { Image, ImageMemory } from './image.ts';
import type { Room } from './resources.ts';

/** What is copied at once: a new page costs more than its copy, so this takes about half a millisecond. */
const pieceBytes: number = mib;

/** An image in a worker: its module compiled, and its pristine memories, laid out once for all slots while there are any. */
export class LoadedImage {
  readonly module: WebAssembly.Module;
  readonly memories: readonly ImageMemory[];
  readonly reset: ResetMode;
  readonly trapMap: Uint8Array;
  /** What an instance takes beside its memories, about. */
  readonly instanceBytes: number;
  #pristine: readonly WebAssembly.Memory[] = [];

  private constructor(image: Image, module: WebAssembly.Module) {
    this.module = module;
    this.memories = image.memories;
    this.reset = image.reset;
    this.trapMap = image.trapMap;
    this.instanceBytes = image.instanceBytes;
  }

  /** Compiles off the calling thread. @throws MayflyError image_corrupt */
  static async load(image: Image): Promise<LoadedImage> {
    // Compiling happens on V8's threads, which do not keep the process alive for whoever awaits this.
    const alive = setInterval(() => undefined, 60_000);
    try {
      return new LoadedImage(image, await WebAssembly.compile(image.module));
    } catch (error) {
      throw new MayflyError('image_corrupt', { reason: 'its module does not compile' }, { cause: error });
    } finally {
      clearInterval(alive);
    }
  }

  /** What the guest has of memory when a request starts. */
  get initialBytes(): number {
    return this.memories.reduce((sum, memory) => sum + memory.initialPages, 0) * wasmPageBytes;
  }

  /** The most memory that the image's layout leaves room for. */
  get memoryBytesMax(): number {
    return this.memories.reduce((least, memory) => Math.min(least, memory.guestPagesMax * wasmPageBytes), Infinity);
  }

  /** How the memory is laid out that host calls reach. Undefined when the guest has none. */
  get guestMemoryLayout(): GuestMemoryLayout | undefined {
    const [first] = this.memories;
    if (first === undefined) return undefined;
    const { shiftBytes, engineWords, initialPages } = first;
    return {
      baseBytes: shiftBytes,
      initialBytes: initialPages * wasmPageBytes,
      grownBytesAt: engineWords + grownBytesAt,
    };
  }

  /** What a slot takes when it is new. */
  get slotRoom(): Room {
    const pages = this.memories.reduce((sum, memory) => sum + memory.initialPages, 0);
    const shiftBytes = this.memories.reduce((sum, memory) => sum + memory.shiftBytes, 0);
    return {
      bytes: pages * wasmPageBytes + shiftBytes + this.instanceBytes,
      memories: Math.max(1, this.memories.length),
    };
  }

  /** What the pristine memories take. */
  get pristineRoom(): Room {
    return {
      bytes: this.memories.reduce((sum, memory) => sum + pristinePages(memory), 0) * wasmPageBytes,
      memories: this.memories.length,
    };
  }

  /** Gives the pristine memories up until there are slots again. */
  release(): void {
    this.#pristine = [];
  }

  /** The memory that a rewind copies from. */
  pristine(index: number): WebAssembly.Memory {
    const memory = this.#pristine[index];
    if (memory === undefined) throw new MayflyError('image_corrupt', { reason: `it has no memory ${index}` });
    return memory;
  }

  /** Bytes that each memory of a slot may have, the engine's part included. `memoryBytes` is what the guest may have of all together. */
  memoryMaxima(memoryBytes: number): number[] {
    const initial = this.memories.reduce((sum, memory) => sum + memory.initialPages, 0);
    // An equal share of what is left for each, so that all of them together keep to the limit.
    const left = Math.max(0, Math.floor(memoryBytes / wasmPageBytes) - initial);
    const spare = Math.floor(left / Math.max(1, this.memories.length));
    return this.memories.map(
      ({ shiftBytes, guestPagesMax, initialPages }) =>
        shiftBytes + Math.min(guestPagesMax, initialPages + spare) * wasmPageBytes,
    );
  }

  /** Whether filling memories from it takes so long that it is done in pieces, with the thread given to others between them. */
  get isLarge(): boolean {
    return this.pristineRoom.bytes > 4 * pieceBytes;
  }

  /**
   * Memories for a slot, filled from the image, of at most so many bytes each.
   * @throws RangeError when the machine has no room for another one
   */
  makeMemories(bytesMax: readonly number[]): WebAssembly.Memory[] {
    const making = this.#make(bytesMax);
    for (;;) {
      const step = making.next();
      if (step.done === true) return step.value;
    }
  }

  /** The same in pieces: `pause` is called between them. */
  async makeMemoriesInPieces(
    bytesMax: readonly number[],
    pause: () => Promise<void>,
  ): Promise<readonly WebAssembly.Memory[]> {
    const making = this.#make(bytesMax);
    for (;;) {
      const step = making.next();
      if (step.done === true) return step.value;
      await pause();
    }
  }

  *#make(bytesMax: readonly number[]): Generator<undefined, WebAssembly.Memory[]> {
    if (this.#pristine.length === 0) {
      const pristine = this.memories.map(
        (plan) => new WebAssembly.Memory({ initial: pristinePages(plan), maximum: 65_535 }),
      );
      for (const [index, { runs }] of this.memories.entries()) {
        for (const { address, bytes } of runs) yield* copy(bytes, pristine[index], address);
      }
      this.#pristine = pristine;
    }
    const memories = this.memories.map(({ shiftBytes, initialPages }, index) => {
      const initial = shiftBytes / wasmPageBytes + initialPages;
      return new WebAssembly.Memory({ initial, maximum: (bytesMax[index] ?? 0) / wasmPageBytes });
    });
    // Not as a copy of the pristine memory: what is zero in it costs neither time nor memory until a guest touches it.
    for (const [index, { shiftBytes, runs }] of this.memories.entries()) {
      for (const { address, bytes } of runs) yield* copy(bytes, memories[index], shiftBytes + address);
    }
    return memories;
  }

  /** Whether what the guest sees of `memories` is the image, and the rest zero. */
  matches(memories: readonly WebAssembly.Memory[]): boolean {
    return memories.every((memory, index) => {
      const pristine = Buffer.from(this.pristine(index).buffer);
      const shift = this.memories[index]?.shiftBytes ?? 0;
      const guest = Buffer.from(memory.buffer, shift);
      const low = Buffer.from(memory.buffer, 0, shift);
      const rest = guest.subarray(pristine.byteLength);
      const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);
      return guest.subarray(0, pristine.byteLength).equals(pristine) && isZero(rest) && isZero(low);
    });
  }
}

function pristinePages(plan: ImageMemory): number {
  const last = plan.runs.at(-1);
  // What lies behind the last byte that is not zero need not be kept.
  return last === undefined ? 0 : Math.ceil((last.address + last.bytes.byteLength) / wasmPageBytes);
}

/** Copies `bytes` to an address, piece by piece. */
function* copy(
  bytes: Uint8Array,
  memory: WebAssembly.Memory | undefined,
  address: number,
): Generator<undefined, undefined> {
  if (memory === undefined) return;
  const target = new Uint8Array(memory.buffer);
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
    if (at > 0) yield;
    target.set(bytes.subarray(at, at + pieceBytes), address + at);
  }
}
