import { Errno } from '../errno.ts';
import type { Node, Volume } from '../fs/mod.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { Filestat, Filetype, Fstflag, fstflagsAll } from './abi.ts';
import type { CoarseClock } from './clocks.ts';
import type { InputDescriptor, OutputDescriptor } from './descriptors.ts';

/** What a node is to the guest. */
export function filetypeOf(kind: Node['kind']): Filetype {
  if (kind === 'file') return Filetype.regularFile;
  return kind === 'directory' ? Filetype.directory : Filetype.symbolicLink;
}

/** Writes a node's attributes. */
export function writeFilestat(memory: GuestMemory, pointer: number, volume: Volume, node: Node): Errno {
  if (!memory.has(pointer, Filestat.bytes)) return Errno.fault;
  memory.setUint(pointer + Filestat.dev, volume.device);
  memory.setUint(pointer + Filestat.ino, node.inode);
  memory.setUint(pointer + Filestat.filetype, filetypeOf(node.kind));
  memory.setUint(pointer + Filestat.nlink, linksOf(node));
  memory.setUint(pointer + Filestat.size, sizeOf(node));
  memory.setU64(pointer + Filestat.atim, node.accessedNs);
  memory.setU64(pointer + Filestat.mtim, node.modifiedNs);
  memory.setU64(pointer + Filestat.ctim, node.changedNs);
  return Errno.success;
}

/** Writes the attributes of stdin, stdout or stderr: there are none but the type. Device 0 is no volume's. */
export function writeStreamFilestat(
  memory: GuestMemory,
  pointer: number,
  descriptor: InputDescriptor | OutputDescriptor,
): Errno {
  const bytes = memory.writable(pointer, Filestat.bytes);
  bytes.fill(0);
  bytes[Filestat.filetype] = descriptor.filetype;
  bytes[Filestat.nlink] = 1;
  return Errno.success;
}

/** Sets times as `$fstflags` says: to what is given, to now, or not at all. */
export function setTimes(
  volume: Volume,
  node: Node,
  clock: CoarseClock,
  accessedNs: bigint,
  modifiedNs: bigint,
  flags: number,
): Errno {
  const nowNs = clock.realtimeNs();
  const accessed = timeToSet(flags, Fstflag.atim, Fstflag.atimNow, accessedNs, nowNs);
  const modified = timeToSet(flags, Fstflag.mtim, Fstflag.mtimNow, modifiedNs, nowNs);
  volume.setTimes(node, accessed, modified);
  return Errno.success;
}

/** Whether `flags` are ones that can be: known, and not both a time and now. */
export function areTimeFlagsValid(flags: number): boolean {
  if ((flags & ~fstflagsAll) !== 0) return false;
  const atims = Fstflag.atim | Fstflag.atimNow;
  const mtims = Fstflag.mtim | Fstflag.mtimNow;
  return (flags & atims) !== atims && (flags & mtims) !== mtims;
}

function timeToSet(flags: number, given: number, now: number, givenNs: bigint, nowNs: bigint): bigint | undefined {
  if ((flags & given) !== 0) return BigInt.asUintN(64, givenNs);
  return (flags & now) !== 0 ? nowNs : undefined;
}

function linksOf(node: Node): number {
  if (node.kind !== 'directory') return node.links;
  return node.removed ? 0 : 1;
}

/** "For symbolic links, the length in bytes of the pathname contained in the symbolic link." */
function sizeOf(node: Node): number {
  if (node.kind === 'file') return node.content.sizeBytes;
  return node.kind === 'link' ? Buffer.byteLength(node.target) : 0;
}
