/**
 * The types of WASI preview1, as numbers in the guest's memory. Rights fit 30 bits, so they are plain numbers here; the
 * upper 32 bits of the u64 are always zero.
 * https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/typenames.witx
 */

/** `(typename $rights (flags (@witx repr u64)` */
export const Right = {
  fdDatasync: 0x1,
  fdRead: 0x2,
  fdSeek: 0x4,
  fdFdstatSetFlags: 0x8,
  fdSync: 0x10,
  fdTell: 0x20,
  fdWrite: 0x40,
  fdAdvise: 0x80,
  fdAllocate: 0x100,
  pathCreateDirectory: 0x200,
  pathCreateFile: 0x400,
  pathLinkSource: 0x800,
  pathLinkTarget: 0x1000,
  pathOpen: 0x2000,
  fdReaddir: 0x4000,
  pathReadlink: 0x8000,
  pathRenameSource: 0x1_0000,
  pathRenameTarget: 0x2_0000,
  pathFilestatGet: 0x4_0000,
  pathFilestatSetSize: 0x8_0000,
  pathFilestatSetTimes: 0x10_0000,
  fdFilestatGet: 0x20_0000,
  fdFilestatSetSize: 0x40_0000,
  fdFilestatSetTimes: 0x80_0000,
  pathSymlink: 0x100_0000,
  pathRemoveDirectory: 0x200_0000,
  pathUnlinkFile: 0x400_0000,
  pollFdReadwrite: 0x800_0000,
  sockShutdown: 0x1000_0000,
  sockAccept: 0x2000_0000,
} as const;

/** Every right that is defined. */
export const rightsAll: number = 2 ** 30 - 1;

/** What can be done with an open file. */
export const rightsOfFile: number =
  Right.fdDatasync |
  Right.fdRead |
  Right.fdSeek |
  Right.fdFdstatSetFlags |
  Right.fdSync |
  Right.fdTell |
  Right.fdWrite |
  Right.fdAdvise |
  Right.fdAllocate |
  Right.fdFilestatGet |
  Right.fdFilestatSetSize |
  Right.fdFilestatSetTimes |
  Right.pollFdReadwrite;

/** What can be done with an open directory. */
export const rightsOfDirectory: number =
  Right.fdDatasync |
  Right.fdFdstatSetFlags |
  Right.fdSync |
  Right.pathCreateDirectory |
  Right.pathCreateFile |
  Right.pathLinkSource |
  Right.pathLinkTarget |
  Right.pathOpen |
  Right.fdReaddir |
  Right.pathReadlink |
  Right.pathRenameSource |
  Right.pathRenameTarget |
  Right.pathFilestatGet |
  Right.pathFilestatSetSize |
  Right.pathFilestatSetTimes |
  Right.fdFilestatGet |
  Right.fdFilestatSetTimes |
  Right.pathSymlink |
  Right.pathRemoveDirectory |
  Right.pathUnlinkFile;

/** What can be done with stdin. */
export const rightsOfInput: number =
  Right.fdRead | Right.fdFdstatSetFlags | Right.fdFilestatGet | Right.pollFdReadwrite;

/** What can be done with stdout and stderr. */
export const rightsOfOutput: number =
  Right.fdWrite |
  Right.fdDatasync |
  Right.fdSync |
  Right.fdFdstatSetFlags |
  Right.fdFilestatGet |
  Right.pollFdReadwrite;

/** `(typename $filetype (enum (@witx tag u8)` */
export const Filetype = {
  unknown: 0,
  characterDevice: 2,
  directory: 3,
  regularFile: 4,
  symbolicLink: 7,
} as const;
export type Filetype = (typeof Filetype)[keyof typeof Filetype];

/** `(typename $fdflags (flags (@witx repr u16) $append $dsync $nonblock $rsync $sync))` */
export const Fdflag = { append: 1, dsync: 2, nonblock: 4, rsync: 8, sync: 16 } as const;
export const fdflagsAll = 31;

/** `(typename $oflags (flags (@witx repr u16) $creat $directory $excl $trunc))` */
export const Oflag = { creat: 1, directory: 2, excl: 4, trunc: 8 } as const;
export const oflagsAll = 15;

/** `(typename $lookupflags (flags (@witx repr u32) $symlink_follow))` */
export const Lookupflag = { symlinkFollow: 1 } as const;
export const lookupflagsAll = 1;

/** `(typename $fstflags (flags (@witx repr u16) $atim $atim_now $mtim $mtim_now))` */
export const Fstflag = { atim: 1, atimNow: 2, mtim: 4, mtimNow: 8 } as const;
export const fstflagsAll = 15;

/** `(typename $whence (enum (@witx tag u8) $set $cur $end))` */
export const Whence = { set: 0, cur: 1, end: 2 } as const;

/** `(typename $advice (enum (@witx tag u8) $normal … $noreuse))` */
export const adviceMax = 5;

/** `(typename $clockid (enum (@witx tag u32) $realtime $monotonic $process_cputime_id $thread_cputime_id))` */
export const Clockid = { realtime: 0, monotonic: 1 } as const;

/** `(typename $eventtype (enum (@witx tag u8) $clock $fd_read $fd_write))` */
export const Eventtype = { clock: 0, fdRead: 1, fdWrite: 2 } as const;

/** `(typename $subclockflags (flags (@witx repr u16) $subscription_clock_abstime))` */
export const Subclockflag = { abstime: 1 } as const;

/** `(typename $eventrwflags (flags (@witx repr u16) $fd_readwrite_hangup))` */
export const Eventrwflag = { hangup: 1 } as const;

/** `(typename $iovec (record (field $buf (@witx pointer u8)) (field $buf_len $size)))` */
export const Iovec = { bytes: 8, buf: 0, bufLen: 4 } as const;

/** `(typename $fdstat (record (field $fs_filetype $filetype) (field $fs_flags $fdflags) (field $fs_rights_base $rights) …` */
export const Fdstat = { bytes: 24, filetype: 0, flags: 2, rightsBase: 8, rightsInheriting: 16 } as const;

/** `(typename $filestat (record $dev $ino $filetype $nlink $size $atim $mtim $ctim))` */
export const Filestat = {
  bytes: 64,
  dev: 0,
  ino: 8,
  filetype: 16,
  nlink: 24,
  size: 32,
  atim: 40,
  mtim: 48,
  ctim: 56,
} as const;

/** `(typename $dirent (record $d_next $d_ino $d_namlen $d_type))` */
export const Dirent = { bytes: 24, next: 0, ino: 8, namlen: 16, type: 20 } as const;

/** `(typename $prestat (union (@witx tag $preopentype) $prestat_dir))` */
export const Prestat = { bytes: 8, tag: 0, nameLen: 4, tagDir: 0 } as const;

/** `(typename $subscription (record (field $userdata $userdata) (field $u $subscription_u)))` */
export const Subscription = {
  bytes: 48,
  userdata: 0,
  tag: 8,
  clockId: 16,
  clockTimeout: 24,
  clockFlags: 40,
  fd: 16,
} as const;

/** `(typename $event (record $userdata $error $type $fd_readwrite))` */
export const Event = { bytes: 32, userdata: 0, error: 8, type: 10, nbytes: 16, rwflags: 24 } as const;

/** `(typename $signal (enum (@witx tag u8) $none … $sys))`, by what they do to the process. */
export const Signal = {
  none: 0,
  /** The highest number. */
  last: 30,
  /** $pipe, $chld, $cont, $urg, $winch: "Action: Ignored", or nothing to continue. */
  ignored: [13, 16, 17, 22, 27],
  /** $stop, $tstp, $ttin, $ttou: "Action: Stops executing". */
  stopping: [18, 19, 20, 21],
} as const;
