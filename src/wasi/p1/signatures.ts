/** The core type of an import: what the guest must declare it as. */
export interface P1Signature {
  readonly params: readonly ('i32' | 'i64')[];
  readonly results: readonly 'i32'[];
}

/** The parameters of each function: `i` is an i32, `I` an i64. */
const parameters = {
  args_get: 'ii',
  args_sizes_get: 'ii',
  environ_get: 'ii',
  environ_sizes_get: 'ii',
  clock_res_get: 'ii',
  clock_time_get: 'iIi',
  fd_advise: 'iIIi',
  fd_allocate: 'iII',
  fd_close: 'i',
  fd_datasync: 'i',
  fd_fdstat_get: 'ii',
  fd_fdstat_set_flags: 'ii',
  fd_fdstat_set_rights: 'iII',
  fd_filestat_get: 'ii',
  fd_filestat_set_size: 'iI',
  fd_filestat_set_times: 'iIIi',
  fd_pread: 'iiiIi',
  fd_prestat_get: 'ii',
  fd_prestat_dir_name: 'iii',
  fd_pwrite: 'iiiIi',
  fd_read: 'iiii',
  fd_readdir: 'iiiIi',
  fd_renumber: 'ii',
  fd_seek: 'iIii',
  fd_sync: 'i',
  fd_tell: 'ii',
  fd_write: 'iiii',
  path_create_directory: 'iii',
  path_filestat_get: 'iiiii',
  path_filestat_set_times: 'iiiiIIi',
  path_link: 'iiiiiii',
  path_open: 'iiiiiIIii',
  path_readlink: 'iiiiii',
  path_remove_directory: 'iii',
  path_rename: 'iiiiii',
  path_symlink: 'iiiii',
  path_unlink_file: 'iii',
  poll_oneoff: 'iiii',
  proc_exit: 'i',
  proc_raise: 'i',
  sched_yield: '',
  random_get: 'ii',
  sock_accept: 'iii',
  sock_recv: 'iiiiii',
  sock_send: 'iiiii',
  sock_shutdown: 'ii',
} as const;

/** A function of preview1. */
export type P1Name = keyof typeof parameters;

/** Every function of preview1. */
// Object.keys is not typed by the object's keys; the object is a literal with these and no others.
export const p1Names: readonly P1Name[] = Object.keys(parameters) as P1Name[];

/**
 * What every import of `wasi_snapshot_preview1` must be declared as. A module that declares one otherwise must be refused
 * before it runs: JavaScript functions link to any type, and a result that does not convert is an exception, which the
 * guest could catch even after `proc_exit`.
 * https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/wasi_snapshot_preview1.witx
 */
export const p1Signatures: ReadonlyMap<string, P1Signature> = new Map(
  p1Names.map((name) => [
    name,
    {
      params: parameters[name].split('').map((letter) => (letter === 'I' ? 'i64' : 'i32')),
      results: name === 'proc_exit' ? [] : ['i32'],
    },
  ]),
);
