import assert from 'node:assert/strict';
import { test } from 'node:test';
import { developer, openControl, operator } from '../../test/support/control-under-test.ts';
import { type ErrorCode, isMayflyError } from '../base/mod.ts';
import type { Route } from '../config/mod.ts';
import { patternsPerHostMax } from './limits.ts';
import { hostId } from './route-claims.ts';

test('hostId gives every host a record of its own, with what is below a host below its id', () => {
  const hosts = [undefined, 'any', 'a', 'a.b', 'b.a', '*.a.b', '*.b', 'wild.a.b', 'a-b', 'x.a.b'];
  assert.equal(new Set(hosts.map(hostId)).size, hosts.length);
  assert.equal(hostId('shop.example.org'), 'org.example.shop');
  assert.equal(hostId('*.example.org'), 'org.example._wild');
});

/** What somebody has claimed, what another project then wants, and the code of why it cannot have it. */
const cases: readonly (readonly [held: Route, wanted: Route, code: ErrorCode | 'fine'])[] = [
  [{ host: 'shop.org', path: '/*' }, { host: 'shop.org', path: '/*' }, 'host_taken'],
  [{ host: 'shop.org', path: '/a' }, { host: 'shop.org', path: '/b' }, 'host_taken'],
  [{ host: '*.shop.org', path: '/*' }, { host: 'www.shop.org', path: '/*' }, 'host_taken'],
  [{ host: '*.shop.org', path: '/*' }, { host: 'a.b.shop.org', path: '/*' }, 'host_taken'],
  [{ host: '*.shop.org', path: '/*' }, { host: '*.b.shop.org', path: '/*' }, 'host_taken'],
  [{ host: 'www.shop.org', path: '/*' }, { host: '*.shop.org', path: '/*' }, 'host_taken'],
  [{ host: 'a.b.shop.org', path: '/*' }, { host: '*.shop.org', path: '/*' }, 'host_taken'],
  [{ host: '*.b.shop.org', path: '/*' }, { host: '*.org', path: '/*' }, 'host_taken'],
  [{ host: '*.shop.org', path: '/*' }, { host: 'shop.org', path: '/*' }, 'fine'],
  [{ host: 'shop.org', path: '/*' }, { host: 'www.shop.org', path: '/*' }, 'fine'],
  [{ host: 'shop.org', path: '/*' }, { host: 'workshop.org', path: '/*' }, 'fine'],
  [{ host: '*.shop.org', path: '/*' }, { host: 'www.workshop.org', path: '/*' }, 'fine'],
  [{ host: 'shop.org', path: '/*' }, { path: '/*' }, 'host_taken'],
  [{ host: 'shop.org', path: '/*' }, { host: 'v1.f.p.preview.localhost', path: '/*' }, 'host_taken'],
  [{ host: 'shop.org', path: '/*' }, { host: 'preview.localhost', path: '/*' }, 'host_taken'],
  [{ host: 'shop.org', path: '/*' }, { host: '*.preview.localhost', path: '/*' }, 'host_taken'],
  [{ host: 'shop.org', path: '/*' }, { host: 'localhost', path: '/*' }, 'fine'],
];
for (const [held, wanted, code] of cases) {
  const text = ({ host, path }: Route): string => `${host ?? '(any)'}${path}`;
  test(`a project that wants ${text(wanted)} beside another's ${text(held)}: ${code}`, async () => {
    const { plane, deploy } = await openControl();
    for (const id of ['first', 'second']) await plane.projects.create(id, {}, operator);
    await deploy('first', 'f', 'x', { routes: [held] }, developer('first'));
    const second = deploy('second', 'f', 'x', { routes: [wanted] }, developer('second'));
    if (code === 'fine') return void (await second);
    await assert.rejects(second, (error) => isMayflyError(error, code) && !error.message.includes('first'));
    // Nothing is left of the attempt: whoever runs the node may let it in.
    if (code === 'host_taken' && text(held) !== text(wanted))
      await deploy('second', 'f', 'x', { routes: [wanted] }, operator);
  });
}

test('two functions never have the same route, whoever asks for it', async () => {
  const { plane, deploy } = await openControl();
  await plane.projects.create('other', {}, operator);
  await deploy('default', 'alpha', 'x', { routes: [{ path: '/api/*' }, { host: 'shop.org', path: '/' }] });
  await assert.rejects(
    deploy('default', 'beta', 'x', { routes: [{ path: '/free' }, { path: '/api/*' }] }),
    (error) => isMayflyError(error, 'route_conflict') && error.message.includes('alpha'),
  );
  await assert.rejects(
    deploy('other', 'beta', 'x', { routes: [{ host: 'shop.org', path: '/' }] }),
    (error) => isMayflyError(error, 'route_conflict') && !error.message.includes('alpha'),
  );
  // A refused deploy has not kept what it could have had.
  await deploy('default', 'three', 'x', { routes: [{ path: '/free' }] });
});

test('a path pattern is claimed as any path is, and one host has only so many', async () => {
  const { deploy } = await openControl();
  await deploy('default', 'alpha', 'x', { routes: [{ path: '/a/*/b' }] });
  // Another pattern may take some of the same paths: which of them does is decided by their order.
  await deploy('default', 'beta', 'x', { routes: [{ path: '/*/a/b' }, { path: '/a/b/*' }] });
  await assert.rejects(
    deploy('default', 'beta', 'x', { routes: [{ path: '/a/*/b' }] }),
    (error) => isMayflyError(error, 'route_conflict') && error.message.includes('alpha'),
  );
  for (let part = 0; part < patternsPerHostMax / 100; part++) {
    const routes = Array.from({ length: 100 }, (_, index) => ({ host: 'a.org', path: `/${part}/*/${index}` }));
    await deploy('default', `part${part}`, 'x', { routes });
  }
  await assert.rejects(deploy('default', 'more', 'x', { routes: [{ host: 'a.org', path: '/one/*/more' }] }), (error) =>
    isMayflyError(error, 'too_many'),
  );
  await deploy('default', 'more', 'x', { routes: [{ host: 'a.org', path: '/one/more/*' }] });
});

test('routes are free again once a deploy drops them, and once the function is gone', async () => {
  const { plane, deploy, publisher } = await openControl();
  await deploy('default', 'one', 'x', { routes: [{ path: '/a' }, { host: 'a.org', path: '/' }] });
  await deploy('default', 'one', 'x', { routes: [{ path: '/b' }] });
  await deploy('default', 'two', 'x', { routes: [{ path: '/a' }, { host: 'a.org', path: '/' }] });
  assert.deepEqual(publisher.served('default', 'one')?.routes, ['/b']);
  await plane.functions.delete('default', 'one', operator);
  await deploy('default', 'three', 'x', { routes: [{ path: '/b' }] });
  assert.deepEqual(
    (await plane.functions.routes('default')).items.map((one) => `${one.route.path} ${one.function}`),
    ['/b three', '/a two', '/ two'],
  );
});

test('of many who claim one route at once, one has it', async () => {
  const { deploy, plane } = await openControl();
  await plane.projects.create('other', {}, operator);
  const attempts = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) =>
      deploy(index % 2 === 0 ? 'default' : 'other', `f${index}`, 'x', { routes: [{ host: 'shop.org', path: '/' }] }),
    ),
  );
  assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 1);
});
