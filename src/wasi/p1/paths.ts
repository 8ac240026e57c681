import { Errno } from '../errno.ts';
import { LastLink } from '../fs/mod.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { Lookupflag, lookupflagsAll, Right } from './abi.ts';
import type { CoarseClock } from './clocks.ts';
import { areTimeFlagsValid, setTimes, writeFilestat } from './filestat.ts';
import type { Calls } from './guard.ts';
import type { PathCall } from './path-call.ts';

/** What is done to names: looking them up, making, linking, moving and removing them. `path_open` is in path-open.ts. */
export function pathCalls(memory: GuestMemory, call: PathCall, clock: CoarseClock): Calls {
  return {
    ...attributeCalls(memory, call, clock),
    ...directoryCalls(call),
    ...linkCalls(memory, call),
    ...renameCalls(call),
  };
}

/** Whether a last symbolic link is followed. @returns undefined for flags there are not. */
export function lastLinkOf(lookupflags: number): LastLink | undefined {
  if ((lookupflags & ~lookupflagsAll) !== 0) return undefined;
  return (lookupflags & Lookupflag.symlinkFollow) === 0 ? LastLink.keep : LastLink.follow;
}

function attributeCalls(memory: GuestMemory, call: PathCall, clock: CoarseClock): Calls {
  const { found } = call;
  return {
    // (@interface func (export "path_filestat_get")
    //   (param $fd $fd)
    //   ;;; Flags determining the method of how the path is resolved.
    //   (param $flags $lookupflags)
    //   (param $path string)
    //   (result $error (expected $filestat (error $errno)))
    path_filestat_get(fd: number, flags: number, path: number, pathLength: number, resultPointer: number): Errno {
      const directory = call.directory(fd, Right.pathFilestatGet);
      if (typeof directory === 'number') return directory;
      const last = lastLinkOf(flags);
      if (last === undefined) return Errno.inval;
      const errno = call.resolve(directory, path, pathLength, last);
      if (errno !== Errno.success) return errno;
      return found.node === undefined
        ? Errno.noent
        : writeFilestat(memory, resultPointer, directory.volume, found.node);
    },

    // (@interface func (export "path_filestat_set_times")
    //   (param $fd $fd) (param $flags $lookupflags) (param $path string)
    //   (param $atim $timestamp) (param $mtim $timestamp)
    //   ;;; A bitmask indicating which timestamps to adjust.
    //   (param $fst_flags $fstflags)
    path_filestat_set_times(
      fd: number,
      flags: number,
      path: number,
      pathLength: number,
      accessedNs: bigint,
      modifiedNs: bigint,
      timeFlags: number,
    ): Errno {
      const directory = call.directory(fd, Right.pathFilestatSetTimes);
      if (typeof directory === 'number') return directory;
      const last = lastLinkOf(flags);
      if (last === undefined || !areTimeFlagsValid(timeFlags)) return Errno.inval;
      const errno = call.resolve(directory, path, pathLength, last);
      if (errno !== Errno.success) return errno;
      if (found.node === undefined) return Errno.noent;
      return setTimes(directory.volume, found.node, clock, accessedNs, modifiedNs, timeFlags);
    },
  };
}

function directoryCalls(call: PathCall): Calls {
  const { found } = call;
  return {
    // (@interface func (export "path_create_directory")
    //   (param $fd $fd)
    //   (param $path string)
    path_create_directory(fd: number, path: number, pathLength: number): Errno {
      const directory = call.directory(fd, Right.pathCreateDirectory);
      if (typeof directory === 'number') return directory;
      const errno = call.resolve(directory, path, pathLength, LastLink.name);
      // A path with a slash after something that is no directory: what is there is in the way all the same.
      if (errno === Errno.notdir && found.node !== undefined && found.parent !== undefined) return Errno.exist;
      if (errno !== Errno.success) return errno;
      if (found.node !== undefined || found.parent === undefined) return Errno.exist;
      return directory.volume.createDirectory(found.parent, found.name);
    },

    // (@interface func (export "path_remove_directory")
    //   ;;; Return `errno::notempty` if the directory is not empty.
    //   (param $fd $fd)
    //   (param $path string)
    path_remove_directory(fd: number, path: number, pathLength: number): Errno {
      const directory = call.directory(fd, Right.pathRemoveDirectory);
      if (typeof directory === 'number') return directory;
      const errno = call.resolve(directory, path, pathLength, LastLink.name);
      if (errno !== Errno.success) return errno;
      // "If path refers to … dot, … EINVAL" https://pubs.opengroup.org/onlinepubs/9799919799/functions/rmdir.html
      if (found.parent === undefined) return Errno.inval;
      return directory.volume.removeDirectory(found.parent, found.name);
    },

    // (@interface func (export "path_unlink_file")
    //   ;;; Return `errno::isdir` if the path refers to a directory.
    //   (param $fd $fd)
    //   (param $path string)
    path_unlink_file(fd: number, path: number, pathLength: number): Errno {
      const directory = call.directory(fd, Right.pathUnlinkFile);
      if (typeof directory === 'number') return directory;
      const errno = call.resolve(directory, path, pathLength, LastLink.name);
      if (errno !== Errno.success) return errno;
      if (found.parent === undefined) return Errno.isdir;
      return directory.volume.unlink(found.parent, found.name);
    },
  };
}

function linkCalls(memory: GuestMemory, call: PathCall): Calls {
  const { found, foundSecond } = call;
  return {
    // (@interface func (export "path_link")
    //   (param $old_fd $fd)
    //   (param $old_flags $lookupflags)
    //   (param $old_path string)
    //   (param $new_fd $fd)
    //   (param $new_path string)
    // A link is never followed: programs expect the flag to be refused, as other hosts do.
    path_link(
      oldFd: number,
      oldFlags: number,
      oldPath: number,
      oldLength: number,
      newFd: number,
      newPath: number,
      newLength: number,
    ): Errno {
      const from = call.directory(oldFd, Right.pathLinkSource);
      if (typeof from === 'number') return from;
      const to = call.directory(newFd, Right.pathLinkTarget);
      if (typeof to === 'number') return to;
      if (oldFlags !== 0) return Errno.inval;
      const errno =
        call.resolve(from, oldPath, oldLength, LastLink.name) ||
        call.resolve(to, newPath, newLength, LastLink.name, foundSecond);
      if (errno !== Errno.success) return errno;
      if (found.node === undefined) return Errno.noent;
      if (found.node.kind === 'directory') return Errno.perm;
      if (from.volume !== to.volume) return Errno.xdev;
      if (foundSecond.node !== undefined || foundSecond.parent === undefined) return Errno.exist;
      if (foundSecond.directoryWanted) return Errno.noent;
      return to.volume.link(foundSecond.parent, foundSecond.name, found.node);
    },

    // (@interface func (export "path_symlink")
    //   ;;; The contents of the symbolic link.
    //   (param $old_path string)
    //   (param $fd $fd)
    //   ;;; The destination path at which to create the symbolic link.
    //   (param $new_path string)
    path_symlink(oldPath: number, oldLength: number, fd: number, newPath: number, newLength: number): Errno {
      const directory = call.directory(fd, Right.pathSymlink);
      if (typeof directory === 'number') return directory;
      const target = call.path(oldPath, oldLength);
      if (typeof target === 'number') return target;
      if (target === '') return Errno.noent;
      // It could never be followed: an absolute path leads out of every directory.
      if (target.startsWith('/')) return Errno.notcapable;
      const errno = call.resolve(directory, newPath, newLength, LastLink.name);
      if (errno !== Errno.success) return errno;
      if (found.node !== undefined || found.parent === undefined) return Errno.exist;
      if (found.directoryWanted) return Errno.noent;
      return directory.volume.createLink(found.parent, found.name, target);
    },

    // (@interface func (export "path_readlink")
    //   ;;; If `buf` is not large enough to contain the contents of the link, the first `buf_len` bytes will be
    //   ;;; written to `buf`.
    //   (param $fd $fd) (param $path string)
    //   (param $buf (@witx pointer u8)) (param $buf_len $size)
    //   (result $error (expected $size (error $errno)))
    path_readlink(
      fd: number,
      path: number,
      pathLength: number,
      buffer: number,
      bufferLength: number,
      resultPointer: number,
    ): Errno {
      const directory = call.directory(fd, Right.pathReadlink);
      if (typeof directory === 'number') return directory;
      const errno = call.resolve(directory, path, pathLength, LastLink.name);
      if (errno !== Errno.success) return errno;
      if (found.node === undefined) return Errno.noent;
      if (found.node.kind !== 'link') return Errno.inval;
      if (!memory.has(buffer, bufferLength >>> 0) || !memory.has(resultPointer, 4)) return Errno.fault;
      const bytes = Buffer.from(found.node.target).subarray(0, bufferLength >>> 0);
      memory.write(buffer, bytes);
      memory.setU32(resultPointer, bytes.byteLength);
      return Errno.success;
    },
  };
}

function renameCalls(call: PathCall): Calls {
  const { found, foundSecond } = call;
  return {
    // (@interface func (export "path_rename")
    //   (param $fd $fd)
    //   (param $old_path string)
    //   ;;; The working directory at which the resolution of the new path starts.
    //   (param $new_fd $fd)
    //   (param $new_path string)
    path_rename(
      oldFd: number,
      oldPath: number,
      oldLength: number,
      newFd: number,
      newPath: number,
      newLength: number,
    ): Errno {
      const from = call.directory(oldFd, Right.pathRenameSource);
      if (typeof from === 'number') return from;
      const to = call.directory(newFd, Right.pathRenameTarget);
      if (typeof to === 'number') return to;
      const errno =
        call.resolve(from, oldPath, oldLength, LastLink.name) ||
        call.resolve(to, newPath, newLength, LastLink.name, foundSecond);
      if (errno !== Errno.success) return errno;
      if (found.parent === undefined || foundSecond.parent === undefined) return Errno.busy;
      if (found.node === undefined) return Errno.noent;
      if (from.volume !== to.volume) return Errno.xdev;
      if (foundSecond.directoryWanted && found.node.kind !== 'directory') return Errno.notdir;
      return from.volume.rename(found.parent, found.name, foundSecond.parent, foundSecond.name);
    },
  };
}
