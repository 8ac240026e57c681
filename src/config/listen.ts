import { isIPv6 } from 'node:net';
import { MayflyError } from '../base/mod.ts';

/** Where a server listens. */
export interface ListenAddress {
  /** A host name or an IP address, without brackets. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export const defaultListen: ListenAddress = { host: '127.0.0.1', port: 8080 };

/** Of the admin API. */
export const defaultAdminListen: ListenAddress = { host: '127.0.0.1', port: 8081 };

const bracketed = /^\[([^\]]+)\]:(\d+)$/;
const plain = /^(?:([A-Za-z0-9._-]+):)?(\d+)$/;

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT`, or `PORT`, which means the loopback address: nothing is opened to the network unless it
 * was asked for by name.
 * @throws MayflyError bad_usage
 */
export function parseListen(text: string): ListenAddress {
  const six = bracketed.exec(text);
  const found = six ?? plain.exec(text);
  const host = found?.[1] ?? defaultListen.host;
  const port = Number(found?.[2]);
  if (found === null || port > 65_535 || (six !== null && !isIPv6(host))) {
    throw new MayflyError('bad_usage', {
      message: `Cannot listen on ${text}: it is not an address, HOST:PORT with a port from 0 to 65535 is wanted`,
      hint: 'For example --listen 127.0.0.1:8080, --listen 0.0.0.0:80 or --listen [::1]:8080; port 0 takes a free one',
    });
  }
  return { host, port };
}

/** The address as it is written before a path. */
export function formatAddress(address: ListenAddress): string {
  return isIPv6(address.host) ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** A URL on this machine that reaches a server listening on `address`. */
export function localUrl(address: ListenAddress): string {
  if (address.host === '0.0.0.0') return `http://127.0.0.1:${address.port}`;
  if (address.host === '::') return `http://[::1]:${address.port}`;
  return `http://${formatAddress(address)}`;
}
