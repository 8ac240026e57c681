// CGI (RFC 3875) for AssemblyScript, whose standard library has no WASI: the environment and stdout, on raw memory.

import { environ_get, environ_sizes_get, fd_write, proc_exit } from './wasi_snapshot_preview1';

const stdout: i32 = 1;
const stderr: i32 = 2;

/** The value of an environment variable, or "" when it is not set. */
export function variable(name: string): string {
  // Two numbers come back: how many variables there are, and how many bytes they take, each "NAME=value\0".
  const sizes = memory.data(8);
  if (environ_sizes_get(sizes, sizes + 4) != 0) return '';
  const count = load<u32>(sizes);
  const pointers = heap.alloc(count * 4);
  const bytes = heap.alloc(load<u32>(sizes, 4));
  if (environ_get(pointers, bytes) != 0) return '';

  const start = name + '=';
  for (let index: u32 = 0; index < count; index++) {
    const pointer: usize = load<u32>(pointers + index * 4);
    let end = pointer;
    while (load<u8>(end) != 0) end++;
    const pair = String.UTF8.decodeUnsafe(pointer, end - pointer);
    if (pair.startsWith(start)) return pair.substring(start.length);
  }
  return '';
}

/** The value of `name` in QUERY_STRING as a number, or `fallback` when it is missing, no number, or outside min to max. */
export function queryNumber(name: string, fallback: f64, min: f64, max: f64): f64 {
  const pairs = variable('QUERY_STRING').split('&');
  for (let index = 0; index < pairs.length; index++) {
    const pair = pairs[index];
    if (!pair.startsWith(name + '=')) continue;
    const number = parseFloat(pair.substring(name.length + 1));
    if (number >= min && number <= max) return number;
  }
  return fallback;
}

/** Writes text as UTF-8 to stdout. */
export function writeText(text: string): void {
  const bytes = String.UTF8.encode(text);
  writeAll(stdout, changetype<usize>(bytes), bytes.byteLength);
}

/** Writes the first `byteCount` bytes of an array to stdout. */
export function writeBytes(bytes: Uint8Array, byteCount: i32): void {
  writeAll(stdout, bytes.dataStart, byteCount);
}

/** What an assertion and a thrown error become: a line in the function's log, and a failed exit. */
export function abort(message: string | null, fileName: string | null, line: u32, column: u32): void {
  const place = (fileName ? fileName : '?') + ':' + line.toString() + ':' + column.toString();
  const text = (message ? message : 'aborted') + ' (' + place + ')\n';
  const bytes = String.UTF8.encode(text);
  writeAll(stderr, changetype<usize>(bytes), bytes.byteLength);
  proc_exit(255);
}

function writeAll(descriptor: i32, pointer: usize, byteCount: usize): void {
  const iovec = memory.data(8);
  const written = memory.data(4);
  while (byteCount > 0) {
    store<u32>(iovec, pointer);
    store<u32>(iovec, byteCount, 4);
    if (fd_write(descriptor, iovec, 1, written) != 0) return;
    pointer += load<u32>(written);
    byteCount -= load<u32>(written);
  }
}
