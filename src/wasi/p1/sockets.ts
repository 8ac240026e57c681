import { Errno } from '../errno.ts';
import type { Descriptors } from './descriptors.ts';
import type { Calls } from './guard.ts';

/** There are no sockets: a function is reached through the gateway. What is open is no socket, whatever else it is. */
export function socketCalls(descriptors: Descriptors): Calls {
  const refuse = (fd: number): Errno => (descriptors.get(fd) === undefined ? Errno.badf : Errno.notsock);
  return {
    // (@interface func (export "sock_accept")
    //   (param $fd $fd) (param $flags $fdflags)
    //   (result $error (expected $fd (error $errno)))
    sock_accept: (fd: number, _flags: number, _result: number) => refuse(fd),

    // (@interface func (export "sock_recv")
    //   (param $fd $fd) (param $ri_data $iovec_array) (param $ri_flags $riflags)
    //   (result $error (expected (tuple $size $roflags) (error $errno)))
    sock_recv: (fd: number, _data: number, _length: number, _flags: number, _size: number, _roflags: number) =>
      refuse(fd),

    // (@interface func (export "sock_send")
    //   (param $fd $fd) (param $si_data $ciovec_array) (param $si_flags $siflags)
    //   (result $error (expected $size (error $errno)))
    sock_send: (fd: number, _data: number, _length: number, _flags: number, _size: number) => refuse(fd),

    // (@interface func (export "sock_shutdown")
    //   (param $fd $fd)
    //   ;;; Which channels on the socket to shut down.
    //   (param $how $sdflags)
    sock_shutdown: (fd: number, _how: number) => refuse(fd),
  };
}
