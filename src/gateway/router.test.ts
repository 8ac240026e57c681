import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Route } from '../config/mod.ts';
import { Router } from './router.ts';

const routes: readonly Route[] = [
  { path: '/*' },
  { path: '/api' },
  { path: '/api/*' },
  { path: '/api/v1/*' },
  { path: '/api/v1/status' },
  { path: '/other/' },
  { host: 'example.org', path: '/api/*' },
  { host: 'example.org', path: '/exact' },
  { host: '*.example.org', path: '/api/*' },
  { host: '*.deep.example.org', path: '/*' },
];
const router = new Router(routes.map((route) => [route, `${route.host ?? ''}${route.path}`] as const));

const cases: readonly (readonly [host: string, path: string, found: string])[] = [
  ['localhost', '/', '/*'],
  ['localhost', '/apiary', '/*'],
  ['localhost', '/api', '/api'],
  ['localhost', '/api/', '/api/*'],
  ['localhost', '/api/v1', '/api/v1/*'],
  ['localhost', '/api/v1/status', '/api/v1/status'],
  ['localhost', '/api/v1/status/', '/api/v1/*'],
  ['localhost', '/api/v2/x', '/api/*'],
  ['localhost', '/API/v2/x', '/*'],
  ['localhost', '/other', '/*'],
  ['localhost', '/other/', '/other/'],
  ['localhost', '//api/x', '/*'],
  ['example.org', '/api/v1/status', 'example.org/api/*'],
  ['example.org', '/exact', 'example.org/exact'],
  ['example.org', '/elsewhere', '/*'],
  ['a.example.org', '/api/x', '*.example.org/api/*'],
  ['b.a.example.org', '/api/x', '*.example.org/api/*'],
  ['x.deep.example.org', '/api/x', '*.deep.example.org/*'],
  ['deep.example.org', '/elsewhere', '/*'],
  ['notexample.org', '/api/x', '/api/*'],
];

for (const [host, path, found] of cases) {
  test(`Router.find leads ${host}${path} to ${found}`, () => {
    assert.equal(router.find(host, path), found);
  });
}

test('Router.find gives undefined when nothing takes the path', () => {
  const few = new Router([[{ path: '/a/*' }, 1] as const]);
  assert.equal(few.find('', '/b'), undefined);
  assert.equal(few.find('', '*'), undefined);
  assert.equal(few.find('', '/a'), 1);
});

const patterns = new Router(
  ['/*', '/a/*', '/a/*/b', '/a/*/b/*', '/a/b/*', '/a/*/c/d', '/a/x/*/e', '/*/only', '/u/*/*/z', '/u/*/', '/v/*/*'].map(
    (path) => [{ path }, path] as const,
  ),
);

const patternCases: readonly (readonly [path: string, found: string])[] = [
  ['/a/1/b', '/a/*/b'],
  ['/a/1/b/', '/a/*/b/*'],
  ['/a/1/b/2/3', '/a/*/b/*'],
  ['/a/1/2', '/a/*'],
  ['/a//b', '/a/*'], // an empty segment is none
  ['/a/b/b', '/a/b/*'], // b before *
  ['/a/x/c/d', '/a/*/c/d'], // nothing below /a/x takes it
  ['/a/x/c/e', '/a/x/*/e'],
  ['/a/only', '/a/*'],
  ['/b/only', '/*/only'],
  ['/u/1/2/z', '/u/*/*/z'],
  ['/u/1/2/y', '/*'],
  ['/u/1/', '/u/*/'],
  ['/u/1', '/*'],
  ['/v/1', '/v/*/*'],
  ['/v/1/2/3', '/v/*/*'],
  ['/v/', '/*'],
  ['/a/*/b', '/a/*/b'],
];
for (const [path, found] of patternCases) {
  test(`Router.find leads ${path} to ${found}, by segments from the left`, () => {
    assert.equal(patterns.find('any', path), found);
  });
}

test('Router.find comes to an end where many patterns nearly take the path', () => {
  // All ways to put up to 4 wildcards into 15 segments that are all the same, as many as a host may have.
  const all: string[] = [];
  for (let bits = 1; bits < 2 ** 15 && all.length < 500; bits++) {
    const segments = Array.from({ length: 15 }, (_, index) => ((bits >> index) & 1 ? '*' : 'a'));
    if (segments.filter((one) => one === '*').length <= 4) all.push(`/${segments.join('/')}/end`);
  }
  const hostile = new Router(all.map((path) => [{ path }, path] as const));
  assert.equal(hostile.find('any', `${'/a'.repeat(15)}/other`), undefined);
  assert.equal(hostile.find('any', `${'/a'.repeat(15)}/end`), all.toSorted().at(-1)); // its wildcards begin last
});

test('Router.find takes no longer for a path of many slashes than for any other', () => {
  const many = '/'.repeat(16_000);
  const start = performance.now();
  for (let count = 0; count < 1000; count++) router.find('localhost', many);
  assert.ok(performance.now() - start < 500);
});
