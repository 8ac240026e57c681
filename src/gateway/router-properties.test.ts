/** What the router finds, compared with what a look at every route finds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Arbitrary,
  array,
  assert as assertProperty,
  constant,
  constantFrom,
  oneof,
  property,
  record,
  tuple,
  uniqueArray,
} from 'fast-check';
import { type Route, routeKey, routePathWanted } from '../config/mod.ts';
import { Router } from './router.ts';

/** The segments of a path, and whether it goes on below them. */
function parts(path: string): { readonly segments: readonly string[]; readonly takesRest: boolean } {
  const takesRest = path.endsWith('/*');
  return { segments: (takesRest ? path.slice(0, -2) : path).split('/').slice(1), takesRest };
}

function takesPath(pattern: string, path: string): boolean {
  const { segments, takesRest } = parts(pattern);
  const asked = path.split('/').slice(1);
  if (takesRest ? asked.length < segments.length : asked.length !== segments.length) return false;
  return segments.every((segment, index) => (segment === '*' ? asked[index] !== '' : segment === asked[index]));
}

function takesHost(pattern: string | undefined, host: string): boolean {
  if (pattern === undefined) return true;
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : pattern === host;
}

/** Of each segment: a name, any one, the end, everything from here on. Larger is more specific. */
function ranks(pattern: string): number[] {
  const { segments, takesRest } = parts(pattern);
  return [...segments.map((segment) => (segment === '*' ? 2 : 3)), takesRest ? 0 : 1];
}

function hostRank(host: string | undefined): number {
  if (host === undefined) return 0;
  return host.startsWith('*.') ? host.length : 1000;
}

/** Negative when `a` is the more specific of two routes that take the same host and path. */
function compare(a: Route, b: Route): number {
  if (hostRank(a.host) !== hostRank(b.host)) return hostRank(b.host) - hostRank(a.host);
  const [left, right] = [ranks(a.path), ranks(b.path)];
  for (const [index, rank] of left.entries()) if (rank !== right[index]) return (right[index] ?? 0) - rank;
  return 0;
}

const name = constantFrom('a', 'b', 'ab', '%2F');
const segment = oneof({ weight: 3, arbitrary: name }, { weight: 2, arbitrary: constant('*') });
const end = constantFrom('', '', '/', '/*', '/*');
const pathOfRoute = tuple(array(segment, { maxLength: 6 }), end)
  .map(([segments, last]) => `${segments.map((one) => `/${one}`).join('')}${last}`)
  .filter((path) => routePathWanted(path) === undefined);
const hosts = [undefined, 'a.b.c', 'b.c', '*.c', '*.b.c', '*.a.b.c'] as const;
const route: Arbitrary<Route> = tuple(constantFrom(...hosts), pathOfRoute).map(([host, path]) =>
  host === undefined ? { path } : { host, path },
);
const routes = uniqueArray(route, { selector: routeKey, maxLength: 25 });
const askedPath = array(oneof({ weight: 6, arbitrary: name }, { weight: 1, arbitrary: constantFrom('', '*', 'c') }), {
  maxLength: 8,
}).map((segments) => `/${segments.join('/')}`);
const asked = record({ host: constantFrom('c', 'b.c', 'a.b.c', 'x.a.b.c', 'x.c', ''), path: askedPath });

test('Router.find finds what a look at every route finds', () => {
  assertProperty(
    property(routes, array(asked, { minLength: 1, maxLength: 20 }), (table, questions) => {
      const router = new Router(table.map((one) => [one, routeKey(one)] as const));
      for (const { host, path } of questions) {
        const takers = table.filter((one) => takesHost(one.host, host) && takesPath(one.path, path));
        const [best, second] = takers.toSorted(compare);
        if (best !== undefined && second !== undefined) assert.notEqual(compare(best, second), 0, 'the order is total');
        assert.equal(router.find(host, path), best === undefined ? undefined : routeKey(best), `${host}${path}`);
      }
    }),
    { numRuns: 2000 },
  );
});

test('Router.find finds the same whatever order the routes came in', () => {
  assertProperty(
    property(routes, asked, (table, { host, path }) => {
      const found = [table, table.toReversed()].map((one) =>
        new Router(one.map((each) => [each, routeKey(each)] as const)).find(host, path),
      );
      assert.equal(found[0], found[1]);
    }),
  );
});
