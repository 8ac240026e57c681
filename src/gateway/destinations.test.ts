import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { answering, echoing, fakeFunction, fakeTiming } from '../../test/support/fake-function.ts';
import { until } from '../../test/support/node-under-test.ts';
import { MayflyError } from '../base/mod.ts';
import { defaultLimits, type FunctionRoute, mountPath } from '../config/mod.ts';
import type { LoadedFunction } from '../engine/mod.ts';
import type { GatewayVersion, PreviewSource } from './destinations.ts';
import { Gateway, ServerTiming, type StickyBy } from './mod.ts';

const everyPath: readonly FunctionRoute[] = [{ path: '/*', mountPath: '' }];

/** A gateway whose functions are given as percents by what they answer. */
async function serving(
  t: TestContext,
  percents: Readonly<Record<string, number>>,
  stickyBy?: StickyBy,
  previews?: PreviewSource,
): Promise<number> {
  const gateway = new Gateway({ serverTiming: ServerTiming.hidden, previews }, { failed: () => {} });
  const versions = Object.entries(percents).map(([text, percent]) => ({ ...version(answering(text)), percent }));
  gateway.publish([{ routes: everyPath, versions, stickyBy }]);
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => gateway.stop(0));
  return port;
}

function version(loaded: LoadedFunction): GatewayVersion {
  return { loaded, limits: defaultLimits };
}

/** Answers where it is mounted. */
const mounted = fakeFunction(({ request: { mountPath: at }, sink }) => {
  sink.head(200, [], fakeTiming);
  sink.write(Buffer.from(at));
  sink.end(fakeTiming);
});

test('a function whose route has a wildcard in the middle is mounted where the request’s own path has it', async (t) => {
  const gateway = new Gateway({ serverTiming: ServerTiming.hidden }, { failed: () => {} });
  const routes = ['/a/*/b/*', '/a/*/c', '/x/*/*', '/y/*/', '/z/*'].map((path) => ({
    path,
    mountPath: mountPath(path),
  }));
  gateway.publish([{ routes, versions: [{ ...version(mounted), percent: 100 }] }]);
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => gateway.stop(0));
  for (const [path, at] of [
    ['/a/1/b', '/a/1/b'],
    ['/a/1/b/2/3', '/a/1/b'],
    ['/a/%2F/b/', '/a/%2F/b'],
    ['/a/1/c', '/a/1/c'],
    ['/x/1', '/x/1'],
    ['/x/1//2', '/x/1'],
    ['/y/1/', '/y/1/'],
    ['/z/1', '/z'],
  ] as const)
    assert.equal(await (await fetch(`http://127.0.0.1:${port}${path}`)).text(), at, path);
});

/** Asks for `/` at a host. @returns status and body */
function ask(port: number, headers: Record<string, string>, body?: Buffer): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { port, host: '127.0.0.1', method: body === undefined ? 'GET' : 'POST', headers };
  const sent = request(options, (response) => {
    let text = `${response.statusCode} `;
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    response.on('end', () => resolve(text));
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

test('versions of a function get just their percents of the requests', async (t) => {
  const port = await serving(t, { old: 93, new: 7 });
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask(port, {})));
  assert.equal(answers.filter((one) => one === '200 new').length, 14);
  assert.equal(answers.filter((one) => one === '200 old').length, 186);
});

test('a client with the sticky cookie stays where it is', async (t) => {
  const port = await serving(t, { old: 50, new: 50 }, { cookie: 'session' });
  const seen = new Set<string>();
  for (let client = 0; client < 20; client++) {
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(port, { Cookie: `session=${client}` })));
    assert.equal(new Set(answers).size, 1);
    seen.add(answers[0] ?? '');
  }
  assert.deepEqual([...seen].toSorted(), ['200 new', '200 old']);
});

test('a version is found by its own host, whatever else takes every host and path', async (t) => {
  const asked: string[] = [];
  const preview = version(answering('preview'));
  const port = await serving(t, { old: 100 }, undefined, {
    domain: 'preview.localhost',
    find: async (host) => {
      asked.push(host);
      if (host.startsWith('v1.')) return preview;
      throw host.startsWith('v2.') ? new RangeError('a mistake') : new MayflyError('no_route', {});
    },
  });
  assert.equal(await ask(port, { Host: 'v1.f.p.preview.localhost:8080' }), '200 preview');
  assert.equal(await ask(port, { Host: 'V1.F.P.PREVIEW.LOCALHOST' }), '200 preview');
  assert.match(await ask(port, { Host: 'v9.f.p.preview.localhost' }), /^404 .*"no_route"/);
  const broken = await ask(port, { Host: 'v2.f.p.preview.localhost' });
  assert.match(broken, /^500 .*"internal"/);
  assert.doesNotMatch(broken, /mistake/);
  assert.equal(await ask(port, { Host: 'preview.localhost' }), '200 old');
  assert.equal(await ask(port, { Host: 'xpreview.localhost' }), '200 old');
  assert.deepEqual(asked.slice(0, 2), ['v1.f.p.preview.localhost', 'v1.f.p.preview.localhost']);
});

test('a request that waits for its version comes to it whole, and one that has gone comes to none', async (t) => {
  const found = Promise.withResolvers<GatewayVersion>();
  let waiting = 0;
  const port = await serving(t, { old: 100 }, undefined, {
    domain: 'preview.localhost',
    find: () => {
      waiting++;
      return found.promise;
    },
  });
  const host = { Host: 'v1.f.p.preview.localhost' };
  const body = Buffer.alloc(300_000, 'x');
  const answers = [ask(port, host, body), ask(port, { ...host, 'Content-Type': 'text/plain' }, Buffer.from('short'))];
  const gone = connect(port, '127.0.0.1', () => gone.write('GET / HTTP/1.1\r\nHost: v1.f.p.preview.localhost\r\n\r\n'));
  await until(() => waiting === 3, 'three requests that wait');
  gone.destroy();
  await new Promise((resolve) => setTimeout(resolve, 20));
  found.resolve(version(echoing()));
  const [large, small] = await Promise.all(answers);
  assert.equal(large, `200 ${body.toString()}`);
  assert.equal(small, '200 short');
});
