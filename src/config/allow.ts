/**
 * What a function may call from within: nothing that it does not name.
 *
 *     api.example.org         the host on ports 80 and 443
 *     api.example.org:8443    on this port alone
 *     *.example.org           every host below it, however deep, but not example.org itself
 *     192.0.2.7:80            an address
 *     [2001:db8::7]:443       an address of version 6, in brackets
 *
 * An allowed name is no way into the node's own network: loopback, link-local and private addresses are the operator's to allow.
 */
import { isIP, isIPv6 } from 'node:net';
import { routeHostWanted } from './route.ts';

export interface AllowedHost {
  /** In lower case; `*.` in front stands for every host below it. An address of version 6 is without its brackets. */
  readonly host: string;
  /** The ports 80 and 443 when undefined. */
  readonly port?: number;
}

/** What is wanted of an allowed host, to stand before "is wanted". */
export const allowedHostWanted = 'a host such as api.example.org, api.example.org:8443 or *.example.org';

const hostAndPort = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/;

/** Reads `HOST` or `HOST:PORT`. @returns undefined when it is neither */
export function parseAllowedHost(text: string): AllowedHost | undefined {
  const found = hostAndPort.exec(text);
  if (found === null) return undefined;
  const [, six, name, portText] = found;
  const host = six ?? name ?? '';
  if (six !== undefined ? !isIPv6(six) : !isHostOrAddress(host)) return undefined;
  if (portText === undefined) return { host };
  const port = Number(portText);
  return port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

function isHostOrAddress(host: string): boolean {
  // What looks like a number is an address or nothing: resolvers take 127.1 and 2130706433 for 127.0.0.1.
  if (/(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/.test(host)) return isIP(host) === 4;
  return routeHostWanted(host) === undefined;
}
