/** Sessions in which most calls succeed, for the fuzzer to start from. */
import type { P1Name } from '../../src/wasi/mod.ts';
import { callBytes, Prepare, words } from './wasi-values.ts';

/** Indexes among the 64-bit values: of lengths, of times, of rights. */
const [zero, four, page, oneMs, seconds, rights, readRights] = [0, 2, 4, 6, 9, 13, 16];

const path = (slot: number, ...parts: readonly [string, string?]): number[] => [
  Prepare.path,
  slot,
  words.indexOf(parts[0]),
  words.indexOf(parts[1] ?? ''),
];
/** Four buffers of 32 bytes each. */
const list = (slot: number): number[] => [Prepare.list, slot, ...[0, 2, 4, 6].flatMap((at) => [0, at, 0, 32])];
const sleep = (slot: number, timeout: number, flags: number): number[] => [
  Prepare.subscription,
  slot,
  1,
  0,
  0,
  1,
  timeout,
  zero,
  flags,
];
const readable = (slot: number, fd: number): number[] => [Prepare.subscription, slot, 1, 1, 0, fd, zero, zero, 0];

const call = (name: P1Name, ...values: readonly number[]): number[] => callBytes(name, values);
const open = (fd: number, slot: number, oflags: number, fdflags = 0): number[] =>
  call('path_open', fd, 1, slot, 0, oflags, (oflags & 2) === 0 ? rights : readRights, rights, fdflags, 0);

export const seedSessions: readonly Uint8Array[] = [
  // Files: made, written, read, cut, and looked at.
  [
    ...path(0, 'f'),
    ...path(1, 'new'),
    ...list(0),
    ...open(3, 0, 0),
    ...open(3, 1, 1),
    ...call('fd_read', 5, 0, 4, 1),
    ...call('fd_write', 6, 0, 4, 1),
    ...call('fd_seek', 6, zero, 0, 2),
    ...call('fd_pread', 6, 0, 2, four, 1),
    ...call('fd_pwrite', 5, 0, 2, page, 1),
    ...call('fd_allocate', 6, zero, page),
    ...call('fd_filestat_set_size', 6, four),
    ...call('fd_filestat_get', 6, 3),
    ...call('fd_tell', 6, 4),
    ...call('fd_fdstat_set_flags', 6, 1),
    ...call('fd_write', 6, 0, 4, 1),
    ...call('fd_renumber', 6, 5),
    ...call('fd_close', 5),
  ],
  // Folders and names.
  [
    ...path(0, 'd'),
    ...path(1, 'new'),
    ...path(2, 'l'),
    ...path(3, 'd/', 'new'),
    ...path(4, 'd/x'),
    ...path(5, 'up'),
    ...open(3, 0, 2),
    ...call('fd_readdir', 5, 0, 100, zero, 1),
    ...call('path_create_directory', 3, 3, 0),
    ...call('path_rename', 3, 3, 0, 3, 1, 0),
    ...call('path_link', 3, 0, 4, 0, 3, 3, 0),
    ...call('path_symlink', 0, 0, 3, 3, 0),
    ...call('path_readlink', 3, 2, 0, 4, 60, 5),
    ...call('path_filestat_get', 3, 1, 5, 0, 6),
    ...call('path_filestat_set_times', 3, 1, 4, 0, page, page, 5),
    ...call('path_unlink_file', 3, 4, 0),
    ...call('path_remove_directory', 3, 1, 0),
    ...call('fd_readdir', 3, 0, 200, zero, 1),
    ...call('fd_prestat_get', 4, 2),
    ...call('fd_prestat_dir_name', 4, 3, 6),
  ],
  // Streams, waiting, what a program is given, its end.
  [
    ...list(0),
    ...sleep(0, oneMs, 0),
    ...readable(1, 0),
    ...call('fd_read', 0, 0, 4, 1),
    ...call('fd_write', 1, 0, 4, 1),
    ...call('fd_write', 2, 0, 1, 1),
    ...call('poll_oneoff', 0, 2, 2, 3),
    ...call('clock_time_get', 1, zero, 4),
    ...call('clock_res_get', 0, 4),
    ...call('random_get', 5, 40),
    ...call('args_sizes_get', 6, 7),
    ...call('args_get', 8, 9),
    ...call('environ_sizes_get', 6, 7),
    ...call('environ_get', 8, 9),
    ...call('fd_fdstat_get', 1, 10),
    ...call('fd_fdstat_set_rights', 1, 14, zero),
    Prepare.grow,
    0,
    ...sleep(0, oneMs, 1),
    ...call('poll_oneoff', 0, 2, 1, 3),
    ...call('proc_exit', 3),
  ],
  // A guest that is ended while it waits.
  [
    ...sleep(0, oneMs, 0),
    ...call('poll_oneoff', 0, 2, 1, 3),
    ...sleep(0, seconds, 0),
    ...call('poll_oneoff', 0, 2, 1, 3),
  ],
].map((bytes) => Uint8Array.from(bytes));
