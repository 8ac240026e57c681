/**
 * What a call answers: 0, or why it could not be done. The numbers are preview1's; they stand here and not in p1/ because
 * the file system speaks them too.
 * https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/typenames.witx `(typename $errno (enum (@witx tag u16)`
 */
export const Errno = {
  /** No error occurred. */
  success: 0,
  /** Resource unavailable, or operation would block. */
  again: 6,
  /** Bad file descriptor. */
  badf: 8,
  /** Device or resource busy. */
  busy: 10,
  /** File exists. */
  exist: 20,
  /** Bad address. */
  fault: 21,
  /** File too large. */
  fbig: 22,
  /** Illegal byte sequence. */
  ilseq: 25,
  /** Invalid argument. */
  inval: 28,
  /** I/O error. */
  io: 29,
  /** Is a directory. */
  isdir: 31,
  /** Too many levels of symbolic links. */
  loop: 32,
  /** File descriptor value too large: the table is full. */
  mfile: 33,
  /** Filename too long. */
  nametoolong: 37,
  /** No such file or directory. */
  noent: 44,
  /** No space left on device. */
  nospc: 51,
  /** Not a directory or a symbolic link to a directory. */
  notdir: 54,
  /** Directory not empty. */
  notempty: 55,
  /** Not a socket. */
  notsock: 57,
  /** Not supported. */
  notsup: 58,
  /** Value too large to be stored in data type. */
  overflow: 61,
  /** Operation not permitted. */
  perm: 63,
  /** Invalid seek. */
  spipe: 70,
  /** Cross-device link. */
  xdev: 75,
  /** Capabilities insufficient. */
  notcapable: 76,
} as const;
export type Errno = (typeof Errno)[keyof typeof Errno];
