const utf8: TextEncoder = new TextEncoder();

/** Collects bytes in a buffer that doubles as it fills. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(expectedBytes = 256) {
    this.#bytes = new Uint8Array(expectedBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes so far, not copied: valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The bytes so far. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Forgets everything; the buffer is kept. */
  clear(): void {
    this.#length = 0;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.byteLength) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.byteLength * 2));
    larger.set(this.view());
    this.#bytes = larger;
  }

  u8(byte: number): this {
    if (this.#length === this.#bytes.byteLength) this.#reserve(1);
    this.#bytes[this.#length++] = byte;
    return this;
  }

  /** Several opcodes or other single bytes. */
  ops(...bytes: readonly number[]): this {
    for (const byte of bytes) this.u8(byte);
    return this;
  }

  u32(value: number): this {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.u8(rest);
  }

  /** An `i32.const`'s immediate; takes unsigned values as well. */
  s32(value: number): this {
    let rest = value | 0;
    for (;;) {
      const byte = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && byte < 0x40) || (rest === -1 && byte >= 0x40)) return this.u8(byte);
      this.u8(byte | 0x80);
    }
  }

  s64(value: bigint): this {
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && byte < 0x40) || (rest === -1n && byte >= 0x40)) return this.u8(byte);
      this.u8(byte | 0x80);
    }
  }

  /** `value` in four bytes, little-endian. */
  fixed32(value: number): this {
    for (let shift = 0; shift < 32; shift += 8) this.u8((value >>> shift) & 0xff);
    return this;
  }

  /** `value` in eight bytes, little-endian. */
  fixed64(value: bigint): this {
    return this.fixed32(Number(value & 0xffffffffn)).fixed32(Number((value >> 32n) & 0xffffffffn));
  }

  /** The bytes of `source` from `start` up to `end`. */
  copy(source: Uint8Array, start = 0, end: number = source.byteLength): this {
    const count = end - start;
    this.#reserve(count);
    if (count < 24) {
      for (let at = start; at < end; at++) this.#bytes[this.#length++] = source[at] ?? 0;
    } else {
      this.#bytes.set(source.subarray(start, end), this.#length);
      this.#length += count;
    }
    return this;
  }

  name(text: string): this {
    const bytes = utf8.encode(text);
    return this.u32(bytes.byteLength).copy(bytes);
  }

  /** All of `part`, behind its length. */
  sized(part: Writer): this {
    return this.u32(part.length).copy(part.view());
  }

  /** A section with this id and content; none at all when `content` is empty. */
  section(id: number, content: Writer): this {
    return content.length === 0 ? this : this.u8(id).sized(content);
  }
}
