/**
 * From bytes to calls of preview1: any bytes are a session, so that they can be changed at random. Most values are such that calls
 * succeed; some are what a hostile guest would try.
 *
 *     guest memory   1024 paths, 64 bytes each · 4096 lists of buffers · 8192 subscriptions · 16384 results · 131072 its end
 */
import { type P1Name, p1Signatures } from '../../src/wasi/mod.ts';

/**
 * What each parameter of a call is for: f descriptor, p path and l its length, v list of buffers and n its length, s subscriptions,
 * o where a result goes, w a small number or flags, N 64 bits.
 */
const roles: Readonly<Record<P1Name, string>> = {
  args_get: 'oo',
  args_sizes_get: 'oo',
  environ_get: 'oo',
  environ_sizes_get: 'oo',
  clock_res_get: 'wo',
  clock_time_get: 'wNo',
  fd_advise: 'fNNw',
  fd_allocate: 'fNN',
  fd_close: 'f',
  fd_datasync: 'f',
  fd_fdstat_get: 'fo',
  fd_fdstat_set_flags: 'fw',
  fd_fdstat_set_rights: 'fNN',
  fd_filestat_get: 'fo',
  fd_filestat_set_size: 'fN',
  fd_filestat_set_times: 'fNNw',
  fd_pread: 'fvnNo',
  fd_prestat_get: 'fo',
  fd_prestat_dir_name: 'fol',
  fd_pwrite: 'fvnNo',
  fd_read: 'fvno',
  fd_readdir: 'folNo',
  fd_renumber: 'ff',
  fd_seek: 'fNwo',
  fd_sync: 'f',
  fd_tell: 'fo',
  fd_write: 'fvno',
  path_create_directory: 'fpl',
  path_filestat_get: 'fwplo',
  path_filestat_set_times: 'fwplNNw',
  path_link: 'fwplfpl',
  path_open: 'fwplwNNwo',
  path_readlink: 'fplolo',
  path_remove_directory: 'fpl',
  path_rename: 'fplfpl',
  path_symlink: 'plfpl',
  path_unlink_file: 'fpl',
  poll_oneoff: 'sono',
  proc_exit: 'w',
  proc_raise: 'w',
  sched_yield: '',
  random_get: 'ol',
  sock_accept: 'fwo',
  sock_recv: 'fvnwoo',
  sock_send: 'fvnwo',
  sock_shutdown: 'fw',
};

/** Every function, by the first byte of a call. The map of the names is made of them. */
export const names: readonly P1Name[] = [...p1Signatures.keys()] as P1Name[];

/** First bytes that stand for something the guest does itself: everything from the first of them on, by the rest of a division by 5. */
export const Prepare = { path: 200, list: 201, subscription: 202, time: 203, grow: 204 } as const;

/** The bytes of a call whose arguments are none of the hostile ones. */
export function callBytes(name: P1Name, values: readonly number[]): number[] {
  const given = Array.from(roles[name], (role, index) => [...(role === 'N' ? [] : [0]), values[index] ?? 0]);
  return [names.indexOf(name), ...given.flat()];
}

/** Where things are put in the guest's memory. */
export const Place = { paths: 1024, lists: 4096, subscriptions: 8192, results: 16_384 } as const;

export const guestBytes: number = 2 * 65_536;

/** What paths are made of. */
export const words: readonly string[] = [
  'f',
  'd',
  'l',
  'new',
  '.',
  '..',
  '/',
  'd/x',
  '../f',
  '/f',
  'loop',
  'up',
  '\0',
  'é',
  '\xff',
  'd/',
  '',
  'x'.repeat(60),
];

const hostile = [
  -1,
  -8,
  -0x8000_0000,
  0x7fff_ffff,
  0xffff_fff8 | 0,
  guestBytes,
  guestBytes - 1,
  guestBytes - 4,
  guestBytes + 65_536,
  1023,
  1024,
  1025,
  0x2000_0001,
  65_535,
] as const;

const wide = [
  0n,
  1n,
  4n,
  100n,
  4096n,
  65_536n,
  1_000_000n,
  -1n,
  -4n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  0x3fff_ffffn,
  0x1fn,
  0x40n,
  0x3fff_ffbfn,
] as const;

/** Takes bytes one by one; there are zeros behind the last one. */
export class SessionBytes {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.byteLength;
  }

  next(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** One of the hostile values for one byte in eight; undefined for the others, which `next` has to be asked for. */
  hostile(): number | undefined {
    const byte = this.next();
    return byte >= 224 ? hostile[byte % hostile.length] : undefined;
  }

  wide(): bigint {
    const byte = this.next();
    return wide[byte % wide.length] ?? 0n;
  }
}

/** How long each path is that was put into memory. */
export type PathLengths = readonly number[];

/** The arguments of a call. */
export function argumentsOf(name: P1Name, bytes: SessionBytes, pathLengths: PathLengths): (number | bigint)[] {
  let path = -1;
  return Array.from(roles[name], (role) => {
    if (role === 'N') return bytes.wide();
    const given = bytes.hostile();
    if (given !== undefined) return given;
    const byte = bytes.next();
    switch (role) {
      case 'f':
        return byte % 12;
      case 'p':
        path = byte % 16;
        return Place.paths + 64 * path;
      case 'l': {
        const known = pathLengths[path];
        path = -1;
        return known ?? byte;
      }
      case 'v':
        return Place.lists + 64 * (byte % 8);
      case 'n':
        return byte % 5;
      case 's':
        return Place.subscriptions + 48 * (byte % 4);
      case 'o':
        return Place.results + 256 * (byte % 32);
      default:
        return byte % 16;
    }
  });
}

/** The calls whose roles do not fit their parameters: there must be none. */
export function misfits(): string[] {
  return [...p1Signatures].flatMap(([name, { params }]) => {
    // The signatures are those of the names.
    const letters = Array.from(roles[name as P1Name], (role) => (role === 'N' ? 'i64' : 'i32'));
    return letters.join() === params.join() ? [] : [name];
  });
}
