import { Errno } from '../errno.ts';
import { LastLink, type Node } from '../fs/mod.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { Fdflag, fdflagsAll, Oflag, oflagsAll, Right, rightsOfFile } from './abi.ts';
import { type Descriptor, type Descriptors, DirectoryDescriptor, FileDescriptor } from './descriptors.ts';
import type { Calls } from './guard.ts';
import type { PathCall } from './path-call.ts';
import { lastLinkOf } from './paths.ts';

/** What a path_open asks for. */
interface Wanted {
  readonly oflags: number;
  readonly fdflags: number;
  readonly rightsBase: number;
  readonly rightsInheriting: number;
}

/** What the directory must be allowed for `wanted`, by the text of `$rights`. */
function rightsNeeded(wanted: Wanted): number {
  let needed: number = Right.pathOpen;
  // "If `path_open` is set, the right to invoke `path_open` with `oflags::creat`."
  if ((wanted.oflags & Oflag.creat) !== 0) needed |= Right.pathCreateFile;
  // "If `path_open` is set, includes the right to invoke `path_open` with `oflags::trunc`."
  if ((wanted.oflags & Oflag.trunc) !== 0) needed |= Right.pathFilestatSetSize;
  return needed;
}

/** What must be inheritable for `wanted`: all that is asked for, and what the flags need. */
function inheritableNeeded(wanted: Wanted): number {
  let needed = wanted.rightsBase | wanted.rightsInheriting;
  // "If `path_open` is set, includes the right to invoke `path_open` with `fdflags::dsync`."
  if ((wanted.fdflags & Fdflag.dsync) !== 0) needed |= Right.fdDatasync;
  // "If `path_open` is set, includes the right to invoke `path_open` with `fdflags::rsync` and `fdflags::dsync`."
  if ((wanted.fdflags & (Fdflag.rsync | Fdflag.sync)) !== 0) needed |= Right.fdSync;
  return needed;
}

export function pathOpenCalls(memory: GuestMemory, descriptors: Descriptors, call: PathCall): Calls {
  const { found } = call;

  /** Whether what was found may be opened as `wanted`; undefined stands for a file that is to be made. */
  function check(node: Node | undefined, wanted: Wanted): Errno {
    const creates = (wanted.oflags & Oflag.creat) !== 0;
    if (node === undefined) {
      if (!creates) return Errno.noent;
      return found.directoryWanted ? Errno.isdir : Errno.success;
    }
    if (creates && (wanted.oflags & Oflag.excl) !== 0) return Errno.exist;
    if (node.kind === 'link') return Errno.loop;
    if (node.kind === 'file') return (wanted.oflags & Oflag.directory) === 0 ? Errno.success : Errno.notdir;
    const changes = creates || (wanted.oflags & Oflag.trunc) !== 0 || (wanted.rightsBase & Right.fdWrite) !== 0;
    return changes ? Errno.isdir : Errno.success;
  }

  /** Makes what is not there yet, and a descriptor for it. */
  function descriptorFor(base: DirectoryDescriptor, wanted: Wanted): Descriptor | Errno {
    const { volume } = base;
    let { node } = found;
    if (node === undefined && found.parent !== undefined) {
      const created = volume.createFile(found.parent, found.name);
      if (typeof created === 'number') return created;
      node = created;
    }
    if (node?.kind === 'directory') {
      return new DirectoryDescriptor(
        { volume, node },
        undefined,
        wanted.fdflags,
        wanted.rightsBase,
        wanted.rightsInheriting,
      );
    }
    if (node?.kind !== 'file') return Errno.noent;
    if ((wanted.oflags & Oflag.trunc) !== 0) volume.resize(node, 0);
    return new FileDescriptor(volume, node, wanted.fdflags, wanted.rightsBase & rightsOfFile);
  }

  return {
    // (@interface func (export "path_open")
    //   (param $fd $fd)
    //   (param $dirflags $lookupflags)
    //   (param $path string)
    //   (param $oflags $oflags)
    //   ;;; The initial rights of the newly created file descriptor. The implementation is allowed to return a file
    //   ;;; descriptor with fewer rights than specified, if and only if those rights do not apply to the type of file
    //   ;;; being opened.
    //   (param $fs_rights_base $rights)
    //   (param $fs_rights_inheriting $rights)
    //   (param $fdflags $fdflags)
    //   ;;; The file descriptor of the file that has been opened.
    //   (result $error (expected $fd (error $errno)))
    path_open(
      fd: number,
      dirflags: number,
      path: number,
      pathLength: number,
      oflags: number,
      base: bigint,
      inheriting: bigint,
      fdflags: number,
      resultPointer: number,
    ): Errno {
      const wanted = { oflags, fdflags, rightsBase: rightsIn(base), rightsInheriting: rightsIn(inheriting) };
      const directory = call.directory(fd, rightsNeeded(wanted));
      if (typeof directory === 'number') return directory;
      if ((inheritableNeeded(wanted) & ~directory.rightsInheriting) !== 0) return Errno.notcapable;
      const last = lastLinkToOpen(dirflags, oflags);
      if (last === undefined || (oflags & ~oflagsAll) !== 0 || (fdflags & ~fdflagsAll) !== 0) return Errno.inval;
      if ((oflags & Oflag.creat) !== 0 && (oflags & Oflag.directory) !== 0) return Errno.inval;
      const errno = call.resolve(directory, path, pathLength, last) || check(found.node, wanted);
      if (errno !== Errno.success) return errno;
      // Nothing may be made or cut that cannot be opened then.
      if (!memory.has(resultPointer, 4)) return Errno.fault;
      if (!descriptors.hasRoom()) return Errno.mfile;
      const descriptor = descriptorFor(directory, wanted);
      if (typeof descriptor === 'number') return descriptor;
      const opened = descriptors.open(descriptor);
      if (opened === undefined) return Errno.mfile;
      memory.setU32(resultPointer, opened);
      return Errno.success;
    },
  };
}

/** "If O_EXCL and O_CREAT are set, and path names a symbolic link, open() shall fail": the link itself is looked at. */
function lastLinkToOpen(dirflags: number, oflags: number): LastLink | undefined {
  const exclusive = Oflag.creat | Oflag.excl;
  return (oflags & exclusive) === exclusive && lastLinkOf(dirflags) !== undefined
    ? LastLink.name
    : lastLinkOf(dirflags);
}

/** The rights that are defined; others ask for nothing. */
function rightsIn(rights: bigint): number {
  return Number(BigInt.asUintN(30, rights));
}
