/**
 * A route: the host and path pattern that lead to a function.
 *
 *     path   /hello        just this path
 *            /api/*        /api and everything below it; the function is mounted at /api
 *            /*            every path
 *     host   (none)        every host
 *            example.org   just this host
 *            *.example.org every host below it, however deep, but not example.org itself
 *
 * Paths are compared as they came over the wire, percent-encoding, case and all: two spellings of a path are two paths.
 */
export interface Route {
  readonly host?: string;
  readonly path: string;
}

/** Ends a path that takes everything below it. */
export const prefixSuffix = '/*';

// RFC 3986, section 3.3: the characters of a path, without `*`, and no empty segments but the last.
const pathPattern = /^(?:\/(?:[A-Za-z0-9\-._~!$&'()+,;=:@]|%[0-9A-Fa-f]{2})+)*(?:\/|\/\*)?$/;
const dotSegment = /\/\.{1,2}(?:\/|$)/;
const hostPattern = /^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

/** What is wrong with a route's path, to stand before "is wanted"; undefined when it is fine. */
export function routePathWanted(path: string): string | undefined {
  if (path !== '' && pathPattern.test(path) && !dotSegment.test(path)) return undefined;
  return 'a path such as /hello, or a prefix such as /api/*,';
}

/** What is wrong with a route's host, to stand before "is wanted"; undefined when it is fine. */
export function routeHostWanted(host: string): string | undefined {
  if (host.length <= 253 && hostPattern.test(host)) return undefined;
  return 'a lower-case host name such as example.org, or *.example.org, without a port,';
}

/** The path that a function of this route is mounted at: CGI's SCRIPT_NAME. */
export function mountPath(path: string): string {
  return path.endsWith(prefixSuffix) ? path.slice(0, -prefixSuffix.length) : path;
}

/** Names what a route takes: two routes of the same key cannot be told apart. */
export function routeKey(route: Route): string {
  return `${route.host ?? ''}${route.path}`;
}
