import { Errno } from '../errno.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { Prestat } from './abi.ts';
import type { Descriptors } from './descriptors.ts';
import type { Calls } from './guard.ts';
import type { Preopen } from './preopen.ts';

/** What is done to descriptors as numbers: closing, moving, and finding the directories that were open from the start. */
export function fileNumberCalls(memory: GuestMemory, descriptors: Descriptors): Calls {
  function preopen(fd: number): Preopen | undefined {
    const descriptor = descriptors.get(fd);
    return descriptor?.kind === 'directory' ? descriptor.preopen : undefined;
  }

  return {
    // (@interface func (export "fd_close") (param $fd $fd)
    fd_close: (fd: number) => descriptors.close(fd),

    // (@interface func (export "fd_renumber")
    //   (param $fd $fd)
    //   ;;; The file descriptor to overwrite.
    //   (param $to $fd)
    fd_renumber: (fd: number, to: number) => descriptors.renumber(fd, to),

    // (@interface func (export "fd_prestat_get")
    //   (param $fd $fd)
    //   (result $error (expected $prestat (error $errno)))
    // Programs count up from 3 until this answers badf.
    fd_prestat_get(fd: number, resultPointer: number): Errno {
      const found = preopen(fd);
      if (found === undefined) return Errno.badf;
      if (!memory.has(resultPointer, Prestat.bytes)) return Errno.fault;
      memory.setU32(resultPointer + Prestat.tag, Prestat.tagDir);
      memory.setU32(resultPointer + Prestat.nameLen, found.pathBytes.byteLength);
      return Errno.success;
    },

    // (@interface func (export "fd_prestat_dir_name")
    //   (param $fd $fd)
    //   ;;; A buffer into which to write the preopened directory name.
    //   (param $path (@witx pointer u8))
    //   (param $path_len $size)
    fd_prestat_dir_name(fd: number, pathPointer: number, pathLength: number): Errno {
      const found = preopen(fd);
      if (found === undefined) return Errno.badf;
      if (pathLength >>> 0 < found.pathBytes.byteLength) return Errno.nametoolong;
      memory.write(pathPointer, found.pathBytes);
      return Errno.success;
    },
  };
}
