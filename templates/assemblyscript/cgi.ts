// CGI (RFC 3875) for AssemblyScript, whose standard library has no WASI: the environment, stdin and stdout, on raw memory.

import { environ_get, environ_sizes_get, fd_read, fd_write, proc_exit } from './wasi_snapshot_preview1';

const stdin: i32 = 0;
const stdout: i32 = 1;
const stderr: i32 = 2;

/** The value of an environment variable, or `fallback` when it is not set. */
export function variable(name: string, fallback: string): string {
  // Two numbers come back: how many variables there are, and how many bytes they take, each "NAME=value\0".
  const sizes = memory.data(8);
  if (environ_sizes_get(sizes, sizes + 4) != 0) return fallback;
  const count = load<u32>(sizes);
  const pointers = heap.alloc(count * 4);
  const bytes = heap.alloc(load<u32>(sizes, 4));
  if (environ_get(pointers, bytes) != 0) return fallback;

  const start = name + '=';
  for (let index: u32 = 0; index < count; index++) {
    const pointer: usize = load<u32>(pointers + index * 4);
    let end = pointer;
    while (load<u8>(end) != 0) end++;
    const pair = String.UTF8.decodeUnsafe(pointer, end - pointer);
    if (pair.startsWith(start)) return pair.substring(start.length);
  }
  return fallback;
}

/** Writes the head of the response. What is written after it is its body. */
export function respond(status: string, headers: string[] = []): void {
  write('Status: ' + status + '\nContent-Type: text/plain; charset=utf-8\n');
  for (let index = 0; index < headers.length; index++) write(headers[index] + '\n');
  write('\n');
}

/** Writes text to the response. */
export function write(text: string): void {
  writeText(stdout, text);
}

/** Writes a line to the function's log. */
export function log(text: string): void {
  writeText(stderr, text + '\n');
}

/** Copies the request's body to the response, piece by piece. */
export function copyBody(): void {
  const pieceBytes = 4096;
  const piece = heap.alloc(pieceBytes);
  const iovec = memory.data(8);
  const read = memory.data(4);
  for (;;) {
    store<u32>(iovec, piece);
    store<u32>(iovec, pieceBytes, 4);
    if (fd_read(stdin, iovec, 1, read) != 0 || load<u32>(read) == 0) return;
    writeAll(stdout, piece, load<u32>(read));
  }
}

/** What an assertion and a thrown error become: a line in the function's log, and a failed exit. */
export function abort(message: string | null, fileName: string | null, line: u32, column: u32): void {
  const place = (fileName ? fileName : '?') + ':' + line.toString() + ':' + column.toString();
  log((message ? message : 'aborted') + ' (' + place + ')');
  proc_exit(255);
}

function writeText(descriptor: i32, text: string): void {
  const bytes = String.UTF8.encode(text);
  writeAll(descriptor, changetype<usize>(bytes), bytes.byteLength);
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
