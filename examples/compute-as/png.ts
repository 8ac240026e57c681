// A PNG with a palette (https://www.w3.org/TR/png-3/), its pixels stored, not compressed: one file format, no library.

const storedBlockBytesMax: i32 = 65535;

class Png {
  bytes: Uint8Array;
  at: i32 = 0;

  constructor(bytesMax: i32) {
    this.bytes = new Uint8Array(bytesMax);
  }

  byte(value: u32): void {
    this.bytes[this.at++] = value as u8;
  }

  word(value: u32): void {
    for (let shift = 24; shift >= 0; shift -= 8) this.byte(value >> shift);
  }

  ascii(text: string): void {
    for (let index = 0; index < text.length; index++) this.byte(text.charCodeAt(index));
  }

  /** Opens a chunk; `end` closes it. */
  start(kind: string, byteCount: i32): i32 {
    this.word(byteCount);
    const checkedFrom = this.at;
    this.ascii(kind);
    return checkedFrom;
  }

  end(checkedFrom: i32): void {
    this.word(crc32(this.bytes, checkedFrom, this.at));
  }
}

function crc32(bytes: Uint8Array, from: i32, to: i32): u32 {
  const table = new StaticArray<u32>(256);
  for (let index = 0; index < 256; index++) {
    let entry: u32 = index;
    for (let bit = 0; bit < 8; bit++) entry = entry & 1 ? 0xedb88320 ^ (entry >> 1) : entry >> 1;
    table[index] = entry;
  }
  let crc: u32 = 0xffffffff;
  for (let at = from; at < to; at++) crc = table[(crc ^ bytes[at]) & 255] ^ (crc >> 8);
  return ~crc;
}

function adler32(bytes: Uint8Array): u32 {
  let low: u32 = 1;
  let high: u32 = 0;
  for (let at = 0; at < bytes.length; at++) {
    low = (low + bytes[at]) % 65521;
    high = (high + low) % 65521;
  }
  return (high << 16) | low;
}

/**
 * A whole PNG file.
 * @param rows for each row a byte 0 (no filter) and then a palette index for each pixel
 * @param palette three bytes a colour
 */
export function encodePng(width: i32, height: i32, rows: Uint8Array, palette: Uint8Array): Uint8Array {
  const blockCount = (rows.length + storedBlockBytesMax - 1) / storedBlockBytesMax;
  const dataBytes = 2 + blockCount * 5 + rows.length + 4;
  const png = new Png(8 + 25 + 12 + palette.length + 12 + dataBytes + 12);

  png.byte(0x89);
  png.ascii('PNG\r\n\x1a\n');

  let chunk = png.start('IHDR', 13);
  png.word(width);
  png.word(height);
  png.byte(8); // bits a pixel
  png.byte(3); // colours come from a palette
  png.byte(0);
  png.byte(0);
  png.byte(0);
  png.end(chunk);

  chunk = png.start('PLTE', palette.length);
  for (let at = 0; at < palette.length; at++) png.byte(palette[at]);
  png.end(chunk);

  chunk = png.start('IDAT', dataBytes);
  png.byte(0x78); // zlib: deflate, 32 KiB window
  png.byte(0x01);
  for (let at = 0; at < rows.length; at += storedBlockBytesMax) {
    const byteCount = min(storedBlockBytesMax, rows.length - at);
    png.byte(at + byteCount == rows.length ? 1 : 0); // the last block or not, stored
    png.byte(byteCount);
    png.byte(byteCount >> 8);
    png.byte(~byteCount);
    png.byte(~byteCount >> 8);
    png.bytes.set(rows.subarray(at, at + byteCount), png.at);
    png.at += byteCount;
  }
  png.word(adler32(rows));
  png.end(chunk);

  png.end(png.start('IEND', 0));
  return png.bytes;
}
