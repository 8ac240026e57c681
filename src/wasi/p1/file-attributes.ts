import { Errno } from '../errno.ts';
import { fileSizeBytesMax } from '../fs/mod.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { adviceMax, Fdstat, fdflagsAll, Filetype, Right } from './abi.ts';
import type { CoarseClock } from './clocks.ts';
import type { Descriptor, Descriptors } from './descriptors.ts';
import { fileOffset } from './file-seek.ts';
import { areTimeFlagsValid, setTimes, writeFilestat, writeStreamFilestat } from './filestat.ts';
import type { Calls } from './guard.ts';

/** What is told of an open descriptor and of what it leads to, and what of that can be set. */
export function fileAttributeCalls(memory: GuestMemory, descriptors: Descriptors, clock: CoarseClock): Calls {
  return {
    ...fdstatCalls(memory, descriptors),
    ...filestatCalls(memory, descriptors, clock),
    ...storageCalls(descriptors),
  };
}

function fdstatCalls(memory: GuestMemory, descriptors: Descriptors): Calls {
  return {
    // (@interface func (export "fd_fdstat_get")
    //   (param $fd $fd)
    //   (result $error (expected $fdstat (error $errno)))
    fd_fdstat_get(fd: number, resultPointer: number): Errno {
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return Errno.badf;
      if (!memory.has(resultPointer, Fdstat.bytes)) return Errno.fault;
      memory.setU8(resultPointer + Fdstat.filetype, filetypeOf(descriptor));
      memory.setU16(resultPointer + Fdstat.flags, descriptor.flags);
      memory.setUint(resultPointer + Fdstat.rightsBase, descriptor.rightsBase);
      memory.setUint(resultPointer + Fdstat.rightsInheriting, descriptor.rightsInheriting);
      return Errno.success;
    },

    // (@interface func (export "fd_fdstat_set_flags")
    //   (param $fd $fd)
    //   (param $flags $fdflags)
    //   (result $error (expected (error $errno)))
    fd_fdstat_set_flags(fd: number, flags: number): Errno {
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return Errno.badf;
      if ((descriptor.rightsBase & Right.fdFdstatSetFlags) === 0) return Errno.notcapable;
      if ((flags & ~fdflagsAll) !== 0) return Errno.inval;
      descriptor.flags = flags;
      return Errno.success;
    },

    // (@interface func (export "fd_fdstat_set_rights")
    //   ;;; This can only be used to remove rights, and returns `errno::notcapable` if called in a way that would
    //   ;;; attempt to add rights
    //   (param $fd $fd)
    //   (param $fs_rights_base $rights)
    //   (param $fs_rights_inheriting $rights)
    fd_fdstat_set_rights(fd: number, base: bigint, inheriting: bigint): Errno {
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return Errno.badf;
      const addsBase = (base & ~BigInt(descriptor.rightsBase)) !== 0n;
      const addsInheriting = (inheriting & ~BigInt(descriptor.rightsInheriting)) !== 0n;
      if (addsBase || addsInheriting) return Errno.notcapable;
      descriptor.rightsBase = Number(base);
      descriptor.rightsInheriting = Number(inheriting);
      return Errno.success;
    },
  };
}

function filestatCalls(memory: GuestMemory, descriptors: Descriptors, clock: CoarseClock): Calls {
  return {
    // (@interface func (export "fd_filestat_get")
    //   (param $fd $fd)
    //   (result $error (expected $filestat (error $errno)))
    fd_filestat_get(fd: number, resultPointer: number): Errno {
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return Errno.badf;
      if ((descriptor.rightsBase & Right.fdFilestatGet) === 0) return Errno.notcapable;
      return descriptor.kind === 'file' || descriptor.kind === 'directory'
        ? writeFilestat(memory, resultPointer, descriptor.volume, descriptor.node)
        : writeStreamFilestat(memory, resultPointer, descriptor);
    },

    // (@interface func (export "fd_filestat_set_size")
    //   (param $fd $fd)
    //   (param $size $filesize)
    //   (result $error (expected (error $errno)))
    fd_filestat_set_size(fd: number, size: bigint): Errno {
      const descriptor = descriptors.file(fd, Right.fdFilestatSetSize);
      if (typeof descriptor === 'number') return descriptor;
      const sizeBytes = fileOffset(size);
      if (sizeBytes === undefined || sizeBytes > fileSizeBytesMax) return Errno.fbig;
      descriptor.volume.resize(descriptor.node, sizeBytes);
      return Errno.success;
    },

    // (@interface func (export "fd_filestat_set_times")
    //   (param $fd $fd)
    //   (param $atim $timestamp)
    //   (param $mtim $timestamp)
    //   (param $fst_flags $fstflags)
    fd_filestat_set_times(fd: number, accessedNs: bigint, modifiedNs: bigint, flags: number): Errno {
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return Errno.badf;
      if ((descriptor.rightsBase & Right.fdFilestatSetTimes) === 0) return Errno.notcapable;
      if (!areTimeFlagsValid(flags)) return Errno.inval;
      if (descriptor.kind !== 'file' && descriptor.kind !== 'directory') return Errno.notcapable;
      return setTimes(descriptor.volume, descriptor.node, clock, accessedNs, modifiedNs, flags);
    },
  };
}

function storageCalls(descriptors: Descriptors): Calls {
  /** Files are in memory: there is nothing to write through to. */
  function sync(fd: number, right: number): Errno {
    const descriptor = descriptors.get(fd);
    if (descriptor === undefined) return Errno.badf;
    return (descriptor.rightsBase & right) === 0 ? Errno.notcapable : Errno.success;
  }

  return {
    // (@interface func (export "fd_advise")
    //   (param $fd $fd) (param $offset $filesize) (param $len $filesize) (param $advice $advice)
    // Everything is in memory already: the advice is checked and not needed.
    fd_advise(fd: number, _offset: bigint, _length: bigint, advice: number): Errno {
      const descriptor = descriptors.file(fd, Right.fdAdvise);
      if (typeof descriptor === 'number') return descriptor;
      return advice >>> 0 <= adviceMax ? Errno.success : Errno.inval;
    },

    // (@interface func (export "fd_allocate")
    //   (param $fd $fd)
    //   ;;; The offset at which to start the allocation.
    //   (param $offset $filesize)
    //   ;;; The length of the area that is allocated.
    //   (param $len $filesize)
    fd_allocate(fd: number, offset: bigint, length: bigint): Errno {
      const descriptor = descriptors.file(fd, Right.fdAllocate);
      if (typeof descriptor === 'number') return descriptor;
      if (length === 0n) return Errno.inval;
      const position = fileOffset(offset) ?? Infinity;
      const lengthBytes = fileOffset(length) ?? Infinity;
      if (position + lengthBytes > fileSizeBytesMax) return Errno.fbig;
      if (!descriptor.node.content.allocate(position, lengthBytes)) return Errno.nospc;
      descriptor.volume.modified(descriptor.node);
      return Errno.success;
    },

    // (@interface func (export "fd_datasync") (param $fd $fd)
    fd_datasync: (fd: number) => sync(fd, Right.fdDatasync),

    // (@interface func (export "fd_sync") (param $fd $fd)
    fd_sync: (fd: number) => sync(fd, Right.fdSync),
  };
}

function filetypeOf(descriptor: Descriptor): Filetype {
  if (descriptor.kind === 'file') return Filetype.regularFile;
  return descriptor.kind === 'directory' ? Filetype.directory : descriptor.filetype;
}
