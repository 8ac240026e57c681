/**
 * The host's view of one guest's memory.
 *
 * A rewritten module keeps a map of its dirty pages below the guest's address 0, so guest address 0 stands at
 * `baseBytes` of the physical memory, and every page the host writes must be marked there as the guest's own stores are:
 *
 *     physical   0            baseBytes                                        buffer.byteLength
 *                | dirty map  | guest address 0 …                              |
 *                  one byte for each 4 KiB of guest memory: 1 when it may differ from the image
 *
 * A slot whose guest grew keeps its pages for the guests to come, which are told less: so the rewritten module keeps a word with
 * the bytes by which its guest has grown, and what lies behind that is not there for host calls. A guest only ever grows until
 * it is rewound, so what it is known to have is looked up again only by an access that leads past it.
 *
 * Growth detaches the buffer, and views of a detached buffer have length 0: so every access finds stale views, and only then asks
 * for the new buffer (the getter costs three times the check).
 */

/** log2 of the bytes that one entry of the dirty map speaks for. */
export const dirtyPageShift = 12;

/** Thrown when a pointer or a length from the guest reaches outside its memory. Host calls turn it into EFAULT. */
export class GuestFault extends Error {
  override readonly name = 'GuestFault';
}

const decoder: TextDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What of a `WebAssembly.Memory` is used. */
export type MemoryBuffer = Pick<WebAssembly.Memory, 'buffer'>;

/** How the memory of a rewritten module is laid out. */
export interface GuestMemoryLayout {
  /** Where guest address 0 stands. */
  readonly baseBytes: number;
  /** The guest's bytes before it grows. */
  readonly initialBytes: number;
  /** Where the word stands that says by how many it has grown. A multiple of 4. */
  readonly grownBytesAt: number;
}

/** The memory of a module that was not rewritten: the guest's from 0 to its end. */
const asItIs: GuestMemoryLayout = { baseBytes: 0, initialBytes: 0, grownBytesAt: -4 };

export class GuestMemory {
  readonly #memory: MemoryBuffer;
  readonly #baseBytes: number;
  readonly #initialBytes: number;
  /** Where the word stands; negative when there is none. */
  readonly #grownBytesAt: number;
  /** The guest has as much, and may have more. */
  #knownBytes = 0;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;

  /** Without a layout the module was not rewritten: then no page is marked. */
  constructor(memory: MemoryBuffer, layout: GuestMemoryLayout = asItIs) {
    this.#memory = memory;
    this.#baseBytes = layout.baseBytes;
    this.#initialBytes = layout.initialBytes;
    this.#grownBytesAt = layout.grownBytesAt;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** Bytes the guest can address. */
  get lengthBytes(): number {
    const buffer = this.#memory.buffer;
    if (buffer !== this.#bytes.buffer) {
      this.#bytes = new Uint8Array(buffer);
      this.#view = new DataView(buffer);
    }
    if (this.#grownBytesAt < 0) return buffer.byteLength;
    return this.#initialBytes + this.#view.getUint32(this.#grownBytesAt, true);
  }

  /** To be called when the guest is back at its image: what it had grown by is no longer its own. */
  rewound(): void {
    this.#knownBytes = 0;
  }

  /** Whether the guest has `lengthBytes` bytes at `pointer`: for checking all of a call's pointers before acting on any. */
  has(pointer: number, lengthBytes: number): boolean {
    const end = (pointer >>> 0) + lengthBytes;
    return lengthBytes >= 0 && (end <= this.#knownBytes || end <= this.lengthBytes);
  }

  u8(pointer: number): number {
    const start = this.#at(pointer, 1);
    return this.#view.getUint8(start);
  }

  u16(pointer: number): number {
    const start = this.#at(pointer, 2);
    return this.#view.getUint16(start, true);
  }

  u32(pointer: number): number {
    const start = this.#at(pointer, 4);
    return this.#view.getUint32(start, true);
  }

  u64(pointer: number): bigint {
    const start = this.#at(pointer, 8);
    return this.#view.getBigUint64(start, true);
  }

  setU8(pointer: number, value: number): void {
    const start = this.#mark(pointer, 1);
    this.#view.setUint8(start, value);
  }

  setU16(pointer: number, value: number): void {
    const start = this.#mark(pointer, 2);
    this.#view.setUint16(start, value, true);
  }

  setU32(pointer: number, value: number): void {
    const start = this.#mark(pointer, 4);
    this.#view.setUint32(start, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    const start = this.#mark(pointer, 8);
    this.#view.setBigUint64(start, value, true);
  }

  /** Writes `value`, a safe integer of at least 0, as 64 bits. */
  setUint(pointer: number, value: number): void {
    const start = this.#mark(pointer, 8);
    this.#view.setUint32(start, value, true);
    this.#view.setUint32(start + 4, value / 0x1_0000_0000, true);
  }

  /** The guest's bytes, to read from: valid only until the guest runs again. */
  bytes(pointer: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    const start = this.#at(pointer, lengthBytes);
    return this.#bytes.subarray(start, start + lengthBytes);
  }

  /** The guest's bytes, to write to: its pages count as dirty; valid only until the guest runs again. */
  writable(pointer: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    const start = this.#mark(pointer, lengthBytes);
    return this.#bytes.subarray(start, start + lengthBytes);
  }

  /** Copies `source` into the guest. */
  write(pointer: number, source: Uint8Array): void {
    const start = this.#mark(pointer, source.byteLength);
    this.#bytes.set(source, start);
  }

  /** A string of well-formed UTF-8. @returns undefined when it is not. */
  text(pointer: number, lengthBytes: number): string | undefined {
    try {
      return decoder.decode(this.bytes(pointer, lengthBytes));
    } catch (error) {
      if (error instanceof GuestFault) throw error;
      return undefined;
    }
  }

  /** The physical offset of `pointer`, an i32 that may come signed. @throws GuestFault */
  #at(pointer: number, lengthBytes: number): number {
    const address = pointer >>> 0;
    // Stale views have no bytes at all.
    if (lengthBytes < 0 || address + lengthBytes > this.#knownBytes || this.#bytes.byteLength === 0)
      this.#lookAgain(address, lengthBytes);
    return address + this.#baseBytes;
  }

  /** The slow side of the bounds check: the access is out of range, or the guest has grown. */
  #lookAgain(address: number, lengthBytes: number): void {
    this.#knownBytes = this.lengthBytes;
    if (lengthBytes < 0 || address + lengthBytes > this.#knownBytes) {
      throw new GuestFault(`guest memory has no ${lengthBytes} bytes at ${address}`);
    }
  }

  #mark(pointer: number, lengthBytes: number): number {
    const start = this.#at(pointer, lengthBytes);
    if (this.#baseBytes > 0 && lengthBytes > 0) {
      const address = pointer >>> 0;
      const last = (address + lengthBytes - 1) >>> dirtyPageShift;
      for (let page = address >>> dirtyPageShift; page <= last; page++) this.#bytes[page] = 1;
    }
    return start;
  }
}
