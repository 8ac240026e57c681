import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import { MayflyError } from '../base/mod.ts';
import type { ListenAddress } from '../config/mod.ts';
import { type ListeningSocket, listenOn, listenProblem } from '../gateway/mod.ts';

/**
 * Whether the system spreads connections over sockets that listen on the same port (SO_REUSEPORT). Where it does not, as on
 * macOS and Windows, all workers take turns at one socket. https://nodejs.org/api/net.html#serverlistenoptions-callback
 */
const canSharePort: boolean = ['linux', 'freebsd', 'sunos', 'aix'].includes(process.platform);

/** From libuv: https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_flags */
const reusePortFlag = 2;

/** A socket as node's own modules know it. */
export interface Handle {
  close(): void;
}

/**
 * Opens a socket without listening on it: what node's cluster module does for its workers, and the only way to have a socket
 * that this process holds and never takes a connection from.
 * With -1 for port and family the address is the path of a Unix socket.
 * @returns a negative error number when that fails
 */
type CreateHandle = (
  address: string,
  port: number,
  family: 4 | 6 | -1,
  fd: undefined,
  flags: number,
) => Handle | number;

/**
 * The sockets of a node's address, one for each worker. The guardian holds them and hands each to the worker that is to take
 * connections from it, so that a socket outlives its worker: what a client sends while nobody takes it waits in the system's queue
 * for the worker that comes next, and the port is never free for somebody else.
 *
 *     guardian ── socket 0 ──▶ worker, its successor once it has ended, …
 *              ── socket 1 ──▶ worker, …
 */
export class ListeningSockets {
  /** With the real port. */
  readonly address: ListenAddress;
  readonly #handles: readonly Handle[];

  private constructor(address: ListenAddress, handles: readonly Handle[]) {
    this.address = address;
    this.#handles = handles;
  }

  /**
   * Opens `count` sockets for an address that nobody else listens on.
   * @throws MayflyError listen_failed
   */
  static async open(listen: ListenAddress, count: number): Promise<ListeningSockets> {
    const { ip, family, port } = await claimAddress(listen);
    const address = { host: listen.host, port };
    const handles: Handle[] = [];
    for (let index = 0; index < (canSharePort ? count : 1); index++) {
      const handle = createHandle(ip, port, family, undefined, canSharePort ? reusePortFlag : 0);
      if (typeof handle === 'number') {
        for (const each of handles) each.close();
        throw listenProblem(address, systemError(handle));
      }
      handles.push(handle);
    }
    return new ListeningSockets(address, handles);
  }

  /** The socket of the worker in this place. */
  of(place: number): ListeningSocket | undefined {
    return this.#handles[place % this.#handles.length];
  }

  /** Gives them up: they are gone once no worker has them either. */
  close(): void {
    for (const handle of this.#handles) handle.close();
  }
}

/**
 * Finds out whether the address is free, and which port it has. Sockets share their port with whoever else asks for that, so
 * each of two nodes would take some of the other's requests: only a socket that shares with nobody tells.
 * @throws MayflyError listen_failed
 */
async function claimAddress(listen: ListenAddress): Promise<{ ip: string; family: 4 | 6; port: number }> {
  const probe = net.createServer();
  await listenOn(probe, listen);
  // A TCP server that listens has an AddressInfo: https://nodejs.org/api/net.html#serveraddress
  const { address, family, port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return { ip: address, family: family === 'IPv6' ? 6 : 4, port };
}

export const createHandle: CreateHandle = (...args) => {
  // Not in node's types, though it is what its cluster module is made of.
  const { _createServerHandle: create } = net as typeof net & { readonly _createServerHandle?: CreateHandle };
  if (create === undefined)
    throw new MayflyError('internal', {}, { cause: new Error('this node has no net._createServerHandle') });
  return create(...args);
};

/** What an error number of the system's says. */
export function systemError(errorNumber: number): Error {
  const code = getSystemErrorName(errorNumber);
  return Object.assign(new Error(code), { code });
}
