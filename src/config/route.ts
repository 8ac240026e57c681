/**
 * A route: the host and path pattern that lead to a function.
 *
 *     path   /hello        just this path
 *            /api/*        /api and everything below it; the function is mounted at /api
 *            /a/*\/b        one segment in the middle, whatever it is, but not an empty one; several such are fine
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
/** In the place of a segment, and not at the end: takes any one. */
export const anySegment = '*';

/** What a lookup tries is bounded by these: a path with `*` in the middle is found by trying segment after segment. */
const anySegmentsMax = 4;
const patternSegmentsMax = 16;

// RFC 3986, section 3.3: the characters of a path, with `*` only as a whole segment, and no empty segments but the last.
const pathPattern = /^(?:\/(?:(?:[A-Za-z0-9\-._~!$&'()+,;=:@]|%[0-9A-Fa-f]{2})+|\*))*\/?$/;
const dotSegment = /\/\.{1,2}(?:\/|$)/;
const hostPattern = /^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

/** What is wrong with a route's path, to stand before "is wanted"; undefined when it is fine. */
export function routePathWanted(path: string): string | undefined {
  if (path === '' || !pathPattern.test(path) || dotSegment.test(path))
    return 'a path such as /hello, a prefix such as /api/*, or a pattern such as /a/*/b,';
  const segments = mountPath(path).split('/').slice(1);
  const any = segments.filter((segment) => segment === anySegment).length;
  if (any === 0 || (any <= anySegmentsMax && segments.length <= patternSegmentsMax)) return undefined;
  return `a path of at most ${patternSegmentsMax} segments, at most ${anySegmentsMax} of them *,`;
}

/** What is wrong with a route's host, to stand before "is wanted"; undefined when it is fine. */
export function routeHostWanted(host: string): string | undefined {
  if (host.length <= 253 && hostPattern.test(host)) return undefined;
  return 'a lower-case host name such as example.org, or *.example.org, without a port,';
}

/** The path that a function of this route is mounted at: CGI's SCRIPT_NAME. It has a `*` where the route has one in the middle. */
export function mountPath(path: string): string {
  return path.endsWith(prefixSuffix) ? path.slice(0, -prefixSuffix.length) : path;
}

/** How many segments a mount path with a `*` in it has, which `leadingSegments` takes; 0 for one that stands as it is. */
export function mountSegments(mount: string): number {
  return mount.includes(anySegment) ? mount.split('/').length - 1 : 0;
}

/** The front of a path that has so many segments: all of a path that has no more. */
export function leadingSegments(path: string, segments: number): string {
  let end = 0;
  for (let count = 0; count < segments; count++) {
    end = path.indexOf('/', end + 1);
    if (end < 0) return path;
  }
  return path.slice(0, end);
}

/** Whether a route's path has a `*` elsewhere than at its end. */
export function hasAnySegment(path: string): boolean {
  return mountPath(path).includes(anySegment);
}

/** A path that a route takes, for people to try. */
export function examplePath(path: string): string {
  const place = path.endsWith(prefixSuffix) ? path.slice(0, -1) : path;
  return place.replaceAll(anySegment, 'any');
}

/** Names what a route takes: two routes of the same key cannot be told apart. */
export function routeKey(route: Route): string {
  return `${route.host ?? ''}${route.path}`;
}
