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

test('Router.find takes no longer for a path of many slashes than for any other', () => {
  const many = '/'.repeat(16_000);
  const start = performance.now();
  for (let count = 0; count < 1000; count++) router.find('localhost', many);
  assert.ok(performance.now() - start < 500);
});
