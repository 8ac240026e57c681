import { Errno } from '../errno.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { blocked } from '../host.ts';
import { wouldBlock } from '../streams.ts';
import { Fdflag, Right } from './abi.ts';
import type { Descriptors, InputDescriptor, OutputDescriptor } from './descriptors.ts';
import { fileOffset } from './file-seek.ts';
import type { Calls } from './guard.ts';
import { Transfer } from './transfer.ts';
import type { Waits } from './waits.ts';

/**
 * Reading and writing. A call moves what it can and answers a short count; only one that could move nothing at all blocks,
 * so making it again neither loses nor repeats a byte.
 */
export function fileIoCalls(memory: GuestMemory, descriptors: Descriptors, waits: Waits): Calls {
  const transfer = new Transfer(memory);
  return { ...streamingCalls(transfer, descriptors, waits), ...positionedCalls(transfer, descriptors) };
}

function streamingCalls(transfer: Transfer, descriptors: Descriptors, waits: Waits): Calls {
  /** Answers for a stream that could not move a byte. */
  function block(descriptor: InputDescriptor | OutputDescriptor): number {
    if ((descriptor.flags & Fdflag.nonblock) !== 0) return Errno.again;
    waits.begin();
    waits.forStream(descriptor.stream);
    return blocked;
  }

  return {
    // (@interface func (export "fd_read")
    //   (param $fd $fd)
    //   ;;; List of scatter/gather vectors to which to store data.
    //   (param $iovs $iovec_array)
    //   (result $error (expected $size (error $errno)))
    fd_read(fd: number, list: number, listLength: number, resultPointer: number): number {
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return Errno.badf;
      if (descriptor.kind === 'directory') return Errno.isdir;
      if (descriptor.kind === 'output' || (descriptor.rightsBase & Right.fdRead) === 0) return Errno.notcapable;
      const errno = transfer.prepare(list, listLength, resultPointer);
      if (errno !== Errno.success) return errno;
      if (descriptor.kind === 'input') {
        const count = transfer.readStream(descriptor.stream);
        return count === wouldBlock ? block(descriptor) : transfer.finish(count, resultPointer);
      }
      const count = transfer.readFile(descriptor.node, descriptor.position);
      descriptor.position += count;
      return transfer.finish(count, resultPointer);
    },

    // (@interface func (export "fd_write")
    //   (param $fd $fd)
    //   ;;; List of scatter/gather vectors from which to retrieve data.
    //   (param $iovs $ciovec_array)
    //   (result $error (expected $size (error $errno)))
    fd_write(fd: number, list: number, listLength: number, resultPointer: number): number {
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return Errno.badf;
      if (descriptor.kind === 'directory') return Errno.isdir;
      if (descriptor.kind === 'input' || (descriptor.rightsBase & Right.fdWrite) === 0) return Errno.notcapable;
      const errno = transfer.prepare(list, listLength, resultPointer);
      if (errno !== Errno.success) return errno;
      if (descriptor.kind === 'output') {
        const count = transfer.writeStream(descriptor.stream);
        return count === wouldBlock ? block(descriptor) : transfer.finish(count, resultPointer);
      }
      const appends = (descriptor.flags & Fdflag.append) !== 0;
      const position = appends ? descriptor.node.content.sizeBytes : descriptor.position;
      const count = transfer.writeFile(descriptor.volume, descriptor.node, position);
      if (count > 0) descriptor.position = position + count;
      return transfer.finishWrite(count, position, resultPointer);
    },
  };
}

function positionedCalls(transfer: Transfer, descriptors: Descriptors): Calls {
  return {
    // (@interface func (export "fd_pread")
    //   (param $fd $fd) (param $iovs $iovec_array)
    //   ;;; The offset within the file at which to read.
    //   (param $offset $filesize)
    //   (result $error (expected $size (error $errno)))
    // "If `rights::fd_seek` is set, includes the right to invoke `fd_pread`."
    fd_pread(fd: number, list: number, listLength: number, offset: bigint, resultPointer: number): number {
      const descriptor = descriptors.file(fd, Right.fdRead | Right.fdSeek);
      if (typeof descriptor === 'number') return descriptor;
      const position = fileOffset(offset);
      if (position === undefined) return Errno.inval;
      const errno = transfer.prepare(list, listLength, resultPointer);
      if (errno !== Errno.success) return errno;
      return transfer.finish(transfer.readFile(descriptor.node, position), resultPointer);
    },

    // (@interface func (export "fd_pwrite")
    //   (param $fd $fd) (param $iovs $ciovec_array)
    //   ;;; The offset within the file at which to write.
    //   (param $offset $filesize)
    //   (result $error (expected $size (error $errno)))
    // At the offset even with $append, as POSIX has it and Linux has not.
    fd_pwrite(fd: number, list: number, listLength: number, offset: bigint, resultPointer: number): number {
      const descriptor = descriptors.file(fd, Right.fdWrite | Right.fdSeek);
      if (typeof descriptor === 'number') return descriptor;
      const position = fileOffset(offset);
      if (position === undefined) return Errno.inval;
      const errno = transfer.prepare(list, listLength, resultPointer);
      if (errno !== Errno.success) return errno;
      const count = transfer.writeFile(descriptor.volume, descriptor.node, position);
      return transfer.finishWrite(count, position, resultPointer);
    },
  };
}
