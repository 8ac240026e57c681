import { Errno } from '../errno.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { Right, Whence } from './abi.ts';
import type { Descriptors, FileDescriptor } from './descriptors.ts';
import type { Calls } from './guard.ts';

/** Where in its file a descriptor stands. */
export function fileSeekCalls(memory: GuestMemory, descriptors: Descriptors): Calls {
  return {
    // (@interface func (export "fd_seek")
    //   (param $fd $fd)
    //   ;;; The number of bytes to move.
    //   (param $offset $filedelta)
    //   ;;; The base from which the offset is relative.
    //   (param $whence $whence)
    //   (result $error (expected $filesize (error $errno)))
    fd_seek(fd: number, delta: bigint, whence: number, resultPointer: number): Errno {
      if (whence === Whence.cur && delta === 0n) return tell(memory, descriptors, fd, resultPointer);
      const descriptor = descriptors.file(fd, Right.fdSeek);
      if (typeof descriptor === 'number') return descriptor;
      const base = seekBase(descriptor, whence);
      if (base === undefined) return Errno.inval;
      const target = BigInt(base) + delta;
      if (target < 0n) return Errno.inval;
      if (target > BigInt(Number.MAX_SAFE_INTEGER)) return Errno.overflow;
      memory.setUint(resultPointer, Number(target));
      descriptor.position = Number(target);
      return Errno.success;
    },

    // (@interface func (export "fd_tell")
    //   (param $fd $fd)
    //   (result $error (expected $filesize (error $errno)))
    fd_tell: (fd: number, resultPointer: number) => tell(memory, descriptors, fd, resultPointer),
  };
}

/**
 * "$fd_seek: … This flag implies `rights::fd_tell`." "$fd_tell: The right to invoke `fd_seek` in such a way that the file
 * offset remains unaltered (i.e., `whence::cur` with offset zero), or to invoke `fd_tell`."
 */
function tell(memory: GuestMemory, descriptors: Descriptors, fd: number, resultPointer: number): Errno {
  const descriptor = descriptors.file(fd, 0);
  if (typeof descriptor === 'number') return descriptor;
  if ((descriptor.rightsBase & (Right.fdSeek | Right.fdTell)) === 0) return Errno.notcapable;
  memory.setUint(resultPointer, descriptor.position);
  return Errno.success;
}

function seekBase(descriptor: FileDescriptor, whence: number): number | undefined {
  if (whence === Whence.set) return 0;
  if (whence === Whence.cur) return descriptor.position;
  return whence === Whence.end ? descriptor.node.content.sizeBytes : undefined;
}

/** A `$filesize` as a number. @returns undefined when it is past what any file could have. */
export function fileOffset(value: bigint): number | undefined {
  const offset = BigInt.asUintN(64, value);
  return offset <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(offset) : undefined;
}
