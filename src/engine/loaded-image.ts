import { MayflyError, wasmPageBytes } from '../base/mod.ts';
import type { GuestMemoryLayout } from '../wasi/mod.ts';
import { grownBytesAt, type ResetMode } from '../wasm/mod.ts';
import type { Image, ImageMemory } from './image.ts';

/** An image in a worker: its module compiled, its pristine memories laid out once for all slots. */
export class LoadedImage {
  readonly module: WebAssembly.Module;
  readonly memories: readonly ImageMemory[];
  readonly reset: ResetMode;
  readonly trapMap: Uint8Array;
  readonly #pristine: readonly WebAssembly.Memory[];

  private constructor(image: Image, module: WebAssembly.Module) {
    this.module = module;
    this.memories = image.memories;
    this.reset = image.reset;
    this.trapMap = image.trapMap;
    this.#pristine = image.memories.map(layOut);
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

  /** The memory that a rewind copies from. */
  pristine(index: number): WebAssembly.Memory {
    const memory = this.#pristine[index];
    if (memory === undefined) throw new MayflyError('image_corrupt', { reason: `it has no memory ${index}` });
    return memory;
  }

  /**
   * Memories for a slot, filled from the image. `memoryBytes` is what they may grow to together, as the guest sees it.
   * @throws RangeError when the machine has no room for another one
   */
  makeMemories(memoryBytes: number): WebAssembly.Memory[] {
    const initial = this.memories.reduce((sum, memory) => sum + memory.initialPages, 0);
    // An equal share of what is left for each, so that all of them together keep to the limit.
    const left = Math.max(0, Math.floor(memoryBytes / wasmPageBytes) - initial);
    const spare = Math.floor(left / Math.max(1, this.memories.length));
    return this.memories.map((plan, index) => {
      const shiftPages = plan.shiftBytes / wasmPageBytes;
      const maximum = shiftPages + Math.min(plan.guestPagesMax, plan.initialPages + spare);
      const memory = new WebAssembly.Memory({ initial: shiftPages + plan.initialPages, maximum });
      new Uint8Array(memory.buffer).set(new Uint8Array(this.pristine(index).buffer), plan.shiftBytes);
      return memory;
    });
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

function layOut(plan: ImageMemory): WebAssembly.Memory {
  const last = plan.runs.at(-1);
  // What lies behind the last byte that is not zero need not be kept.
  const bytes = last === undefined ? 0 : last.address + last.bytes.byteLength;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / wasmPageBytes), maximum: 65_535 });
  const view = new Uint8Array(memory.buffer);
  for (const run of plan.runs) view.set(run.bytes, run.address);
  return memory;
}
