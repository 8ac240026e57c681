import { MayflyError } from '../../base/mod.ts';
import { formatLimits } from './limits.ts';

const utf8: TextDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads a module's bytes front to back. Whatever is amiss throws `malformed_module` with the byte it was found at. */
export class Reader {
  readonly bytes: Uint8Array;
  /** The next byte to be read. */
  position: number;
  /** One past the last byte that may be read. */
  end: number;

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.byteLength) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  /** @throws MayflyError malformed_module, always */
  fail(reason: string, offset: number = this.position): never {
    throw new MayflyError('malformed_module', { offset, reason });
  }

  u8(): number {
    const byte = this.position < this.end ? this.bytes[this.position] : undefined;
    if (byte === undefined) return this.fail('it ends in the middle of something');
    this.position += 1;
    return byte;
  }

  peek(): number {
    const byte = this.position < this.end ? this.bytes[this.position] : undefined;
    return byte ?? this.fail('it ends in the middle of something');
  }

  /** An unsigned LEB128 of at most 32 bits. https://webassembly.github.io/spec/core/binary/values.html#integers */
  u32(): number {
    const first = this.u8();
    return first < 0x80 ? first : this.#u32More(first);
  }

  #u32More(first: number): number {
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.u8();
      if (shift === 28 && byte > 0x0f) this.fail('an integer is too large or has too many bytes', this.position - 1);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return this.fail('an integer has too many bytes', this.position - 1);
  }

  /** A signed LEB128 of at most 32 bits. */
  s32(): number {
    return Number(this.#signed(32));
  }

  /** A signed LEB128 of at most 33 bits: a block type or a heap type. */
  s33(): number {
    return Number(this.#signed(33));
  }

  s64(): bigint {
    return this.#signed(64);
  }

  #signed(bits: number): bigint {
    let value = 0n;
    let shift = 0;
    for (;;) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << BigInt(shift);
      shift += 7;
      if (byte < 0x80) break;
      if (shift >= bits) this.fail('an integer has too many bytes', this.position - 1);
    }
    const wide = BigInt.asIntN(Math.min(shift, 70), value);
    if (BigInt.asIntN(bits, wide) !== wide) this.fail('an integer is too large', this.position - 1);
    return wide;
  }

  /** Steps over `count` bytes. @returns where they start */
  skip(count: number): number {
    const start = this.position;
    if (count > this.end - start) this.fail(`${count} bytes are announced, ${this.end - start} are left`);
    this.position = start + count;
    return start;
  }

  /** The number of entries in a vector whose every entry takes a byte or more. */
  count(what: string, limit: number): number {
    const offset = this.position;
    const count = this.u32();
    if (count > limit) throw new MayflyError('module_too_large', { what, size: count, limit, offset });
    if (count > this.end - this.position) {
      this.fail(`${what} is ${count}, more than the bytes that are left`, offset);
    }
    return count;
  }

  /** A name: UTF-8 behind its length. */
  name(): string {
    const length = this.count('the length of a name', formatLimits.nameBytes);
    const start = this.skip(length);
    try {
      return utf8.decode(this.bytes.subarray(start, start + length));
    } catch {
      return this.fail('a name is not UTF-8', start);
    }
  }

  /** A reader of the next `length` bytes, which this reader steps over. */
  part(length: number): Reader {
    const start = this.skip(length);
    return new Reader(this.bytes, start, start + length);
  }
}
