import assert from 'node:assert/strict';
import { test } from 'node:test';
import { developer, openControl, operator, testImages } from '../../test/support/control-under-test.ts';
import { type Digest, digestOf, isMayflyError, MayflyError } from '../base/mod.ts';
import { defaultLimits } from '../config/mod.ts';
import type { Records } from '../storage/mod.ts';
import { deploymentsKept, versionsKept } from './limits.ts';
import type { ImageSource } from './ports.ts';
import type { DeployRequest } from './types.ts';

const code = (wanted: string) => (error: unknown) => isMayflyError(error) && error.code === wanted;

/** The keys of all records but those that only ever grow. */
async function keys(records: Records): Promise<string[]> {
  const all = await records.list('');
  return all.map(({ key }) => key).filter((key) => !key.startsWith('audit/') && !key.startsWith('artifacts/'));
}

test('a deploy is served by everybody before it is acknowledged, and its steps are told in order', async () => {
  const { deploy, plane, publisher, upload } = await openControl();
  const steps: string[] = [];
  const artifact = await upload('default', 'wasm');
  const deployed = await plane.functions.deploy('default', 'cart', { artifact, settings: {} }, operator, ({ step }) =>
    steps.push(step),
  );
  assert.deepEqual(steps, ['checked', 'built', 'stored', 'warm', 'live']);
  assert.equal(deployed.outcome, 'created');
  assert.equal(deployed.version.number, 1);
  assert.equal(deployed.version.kind, 'wasi-command');
  assert.equal(deployed.version.artifactBytes, 4);
  assert.equal(deployed.previewHost, 'v1.cart.default.preview.localhost');
  assert.deepEqual(publisher.served('default', 'cart'), { weights: '1:100', routes: ['/cart/*'] });
  assert.equal(publisher.warmed.size, 0, 'nothing stays loaded that is not served');
  const second = await deploy('default', 'cart', 'other', { message: 'faster' });
  assert.equal(second.version.number, 2);
  assert.equal(second.version.message, 'faster');
  assert.deepEqual(second.changes, ['version 1 → 2', 'another artifact']);
  assert.equal(publisher.served('default', 'cart')?.weights, '2:100');
});

test('images are kept of the versions that there are, and of those of a deploy that is under way', async () => {
  let kept: string[] = [];
  let dropped = 0;
  const images = {
    ...testImages,
    keepOnly: async (sources: Iterable<ImageSource>) =>
      void (kept = Array.from(sources, ({ artifact, memoryBytes }) => `${artifact} ${memoryBytes}`).toSorted()),
  };
  const { deploy, plane, publisher } = await openControl({ images, onVersionsDropped: () => void dropped++ });
  const wanted = (...texts: string[]): string[] =>
    texts.map((text) => `${digestOf(Buffer.from(text))} ${defaultLimits.memoryBytes}`).toSorted();
  await deploy('default', 'cart', 'one');
  publisher.onWarm = () => plane.sweep();
  await deploy('default', 'cart', 'two');
  assert.deepEqual(kept, wanted('one', 'two'), 'the new one is not listed yet');
  publisher.onWarm = async () => {};
  for (let count = 0; count < versionsKept + deploymentsKept; count++) await deploy('default', 'cart', `more ${count}`);
  assert.ok(dropped > 0);
  await plane.sweep();
  assert.ok(!kept.includes(wanted('one')[0] ?? ''));
  assert.equal(kept.length, (await plane.functions.get('default', 'cart')).versions.length);
  dropped = 0;
  await plane.functions.delete('default', 'cart', operator);
  await plane.sweep();
  assert.deepEqual([dropped, kept], [1, []]);
});

test('the same artifact and settings make no new version, but traffic and routes move all the same', async () => {
  const { deploy, plane, publisher } = await openControl();
  await deploy('default', 'cart', 'one', { settings: { vars: { A: '1', B: '2' } } });
  const { publishes } = publisher;
  const same = await deploy('default', 'cart', 'one', { settings: { vars: { B: '2', A: '1' } } });
  assert.deepEqual([same.outcome, same.version.number, same.changes.length], ['unchanged', 1, 0]);
  assert.equal(publisher.publishes, publishes);
  const forced = await deploy('default', 'cart', 'one', { settings: { vars: { A: '1', B: '2' } }, force: 'force' });
  assert.deepEqual([forced.outcome, forced.version.number], ['created', 2]);
  const changed = await deploy('default', 'cart', 'one', { settings: { vars: { A: '1' }, limits: { cpuMs: 99 } } });
  assert.deepEqual(changed.changes, ['version 2 → 3', 'limit cpuMs 50 → 99', 'variable B is gone']);
  const routed = await deploy('default', 'cart', 'one', {
    settings: { vars: { A: '1' }, limits: { cpuMs: 99 } },
    routes: [{ path: '/new' }],
  });
  assert.deepEqual([routed.outcome, routed.version.number], ['unchanged', 3]);
  assert.deepEqual(routed.changes, ['route /new is new', 'route /cart/* is gone']);
  await plane.functions.rollback('default', 'cart', 1, operator);
  assert.equal(publisher.served('default', 'cart')?.weights, '1:100');
  const back = await deploy('default', 'cart', 'one', { settings: { vars: { A: '1' }, limits: { cpuMs: 99 } } });
  assert.deepEqual([back.outcome, back.version.number], ['unchanged', 3]);
  assert.deepEqual(publisher.served('default', 'cart'), { weights: '3:100', routes: ['/new'] });
});

test('a new version takes its share from those that are deployed', async () => {
  const { deploy, plane, publisher } = await openControl();
  await deploy('default', 'cart', 'one');
  await deploy('default', 'cart', 'two', { percent: 10, stickyBy: { cookie: 'session' } });
  assert.equal(publisher.served('default', 'cart')?.weights, '1:90 2:10');
  assert.deepEqual(publisher.state.functions[0]?.stickyBy, { cookie: 'session' });
  await deploy('default', 'cart', 'three', { percent: 50 });
  assert.equal(publisher.served('default', 'cart')?.weights, '1:45 2:5 3:50');
  await plane.functions.setWeights('default', 'cart', [{ version: 3, percent: 100 }] as never, 'none', operator);
  assert.equal(publisher.served('default', 'cart')?.weights, '3:100');
  assert.equal(publisher.state.functions[0]?.stickyBy, undefined);
  await assert.rejects(deploy('default', 'new', 'one', { percent: 10 }), code('bad_weights'));
  await assert.rejects(plane.functions.get('default', 'new'), code('not_found'));
});

test('a rollback leaves the newest version behind, goes further each time, and says when there is nothing left', async () => {
  const { deploy, plane, publisher } = await openControl();
  const rollback = async (to?: number): Promise<string | undefined> => {
    await plane.functions.rollback('default', 'cart', to, operator);
    return publisher.served('default', 'cart')?.weights;
  };
  await deploy('default', 'cart', 'one');
  await assert.rejects(rollback(), code('nothing_to_roll_back'));
  await deploy('default', 'cart', 'two');
  await deploy('default', 'cart', 'three', { percent: 10 });
  await plane.functions.setWeights(
    'default',
    'cart',
    [
      { version: 2, percent: 50 },
      { version: 3, percent: 50 },
    ] as never,
    undefined,
    operator,
  );
  assert.equal(await rollback(), '2:100');
  assert.equal(await rollback(), '1:100');
  await assert.rejects(rollback(), code('nothing_to_roll_back'));
  assert.equal(await rollback(3), '3:100');
  assert.equal(await rollback(), '1:100');
  for (const none of [0, 4, -1, 1.5, Number.NaN, '__proto__' as never])
    await assert.rejects(rollback(none), code('not_found'));
  await assert.rejects(plane.functions.rollback('default', 'none', 1, operator), code('not_found'));
});

/** What goes wrong, and what of the deploy must not be seen after it. */
const failures: Readonly<Record<string, (tools: Awaited<ReturnType<typeof openControl>>) => void>> = {
  'a worker cannot load it': ({ publisher }) => {
    publisher.onWarm = () => Promise.reject(new MayflyError('image_corrupt', { reason: 'test' }));
  },
  'it cannot be published': ({ publisher }) => {
    publisher.onPublish = () => Promise.reject(new MayflyError('worker_failed', { reason: 'test' }));
  },
};
for (const [name, breakIt] of Object.entries(failures)) {
  test(`nothing changes when ${name}`, async () => {
    const control = await openControl();
    const { deploy, plane, publisher, records } = control;
    await deploy('default', 'cart', 'one');
    await control.upload('default', 'two');
    const { onWarm, onPublish } = publisher;
    breakIt(control);
    const before = [await keys(records), await plane.functions.get('default', 'cart'), publisher.state.functions];
    await assert.rejects(deploy('default', 'cart', 'two', { routes: [{ path: '/moved' }] }));
    await assert.rejects(deploy('default', 'new', 'two'));
    await assert.rejects(plane.functions.rollback('default', 'cart', 1, operator));
    Object.assign(publisher, { onWarm, onPublish });
    const { revision: _, ...was } = before[1] as Awaited<ReturnType<typeof plane.functions.get>>;
    const { revision: __, ...is } = await plane.functions.get('default', 'cart');
    assert.deepEqual([await keys(records), is, publisher.state.functions], [before[0], was, before[2]]);
    assert.equal(publisher.warmed.size, 0);
    const next = await deploy('default', 'cart', 'two', { routes: [{ path: '/moved' }] });
    assert.equal(next.version.number, 2);
    assert.deepEqual(publisher.served('default', 'cart'), { weights: '2:100', routes: ['/moved'] });
    assert.deepEqual((await control.reopen()).publisher.served('default', 'cart')?.weights, '2:100');
  });
}

test('a deploy that cannot be right is refused before anything is built', async () => {
  let built = 0;
  const { deploy, plane, upload } = await openControl({
    images: { ...testImages, prepare: (...args) => (built++, testImages.prepare(...args)) },
  });
  await plane.projects.create('small', { limits: { cpuMs: 20, memoryBytes: 1024 * 1024 } }, operator);
  await plane.projects.create('other', {}, operator);
  const artifact = await upload('other', 'theirs');
  const refused = async (request: Partial<DeployRequest>, wanted: string, project = 'default'): Promise<void> => {
    await assert.rejects(deploy(project, 'f', 'x', request), code(wanted));
  };
  await refused({ artifact }, 'not_found');
  await refused({ artifact: digestOf(Buffer.from('never sent')) }, 'not_found');
  for (const text of ['', '../../etc/passwd', 'sha256:x', '__proto__'])
    await refused({ artifact: text as Digest }, 'not_found');
  await refused({ settings: { secrets: ['NONE'] } }, 'secret_missing');
  await refused({ settings: { limits: { cpuMs: 21 } } }, 'bad_settings', 'small');
  await refused({}, 'not_found', 'none');
  await refused({}, 'bad_name', 'No');
  await assert.rejects(deploy('default', 'No', 'x'), code('bad_name'));
  assert.equal(built, 0);
  const fine = await deploy('small', 'f', 'x', { settings: { limits: { cpuMs: 20 } } });
  assert.deepEqual([fine.version.settings.limits.cpuMs, fine.version.settings.limits.memoryBytes], [20, 1024 * 1024]);
});

test('all that is wrong with the settings is told at once', async () => {
  const { deploy } = await openControl();
  const hostile = {
    limits: { cpuMs: 0, wallMs: Number.NaN, nope: 1, memoryBytes: '1' as never },
    vars: JSON.parse('{"__proto__":"x","a-b":"x","OK":"\\u0000","N":1}') as Record<string, string>,
    secrets: ['OK', 'a/b', '__proto__'],
    allow: ['http://x', 'a b', 'x'.repeat(300)],
  };
  await assert.rejects(
    deploy('default', 'f', 'x', {
      settings: hostile,
      routes: [{ path: 'no' }, { path: '/a', host: 'UPPER' }, { path: '/../x' }],
      stickyBy: { header: 'a b' },
      message: 'x'.repeat(2000),
    }),
    (error) => {
      assert.ok(isMayflyError(error, 'bad_settings'));
      assert.equal((error.params as { mistakes: string[] }).mistakes.length, 19);
      return true;
    },
  );
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test('settings that are huge are refused by what is too much', async () => {
  const { deploy } = await openControl();
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`V${index}`, 'x']));
  for (const settings of [
    { vars: many(100_000) },
    { vars: { BIG: 'x'.repeat(200_000) } },
    { allow: Array.from({ length: 101 }, () => 'x') },
    { secrets: Array.from({ length: 200 }, (_, index) => `S${index}`) },
  ])
    await assert.rejects(deploy('default', 'f', 'x', { settings }), code('bad_settings'));
  const routes = Array.from({ length: 101 }, (_, index) => ({ path: `/${index}` }));
  await assert.rejects(deploy('default', 'f', 'x', { routes }), code('bad_settings'));
});

test('deploys of one function at once make versions one after the other, and the last one is served', async () => {
  const { deploy, plane, publisher } = await openControl();
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, index) => deploy('default', 'f', `artifact ${index}`)),
  );
  assert.deepEqual(
    results.map(({ version }) => version.number).toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.equal(publisher.served('default', 'f')?.weights, '8:100');
  assert.deepEqual((await plane.functions.get('default', 'f')).versions, [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a change that expects what is not there any more is refused', async () => {
  const { deploy, plane } = await openControl();
  const { function: first } = await deploy('default', 'f', 'one');
  await deploy('default', 'f', 'two');
  const weights = [{ version: 1, percent: 100 }] as never;
  const { functions } = plane;
  await assert.rejects(deploy('default', 'f', 'three', { expected: first.revision }), code('changed_meanwhile'));
  await assert.rejects(deploy('default', 'none', 'x', { expected: first.revision }), code('changed_meanwhile'));
  await assert.rejects(functions.rollback('default', 'f', 1, operator, first.revision), code('changed_meanwhile'));
  await assert.rejects(functions.delete('default', 'f', operator, first.revision), code('changed_meanwhile'));
  await assert.rejects(
    functions.setWeights('default', 'f', weights, undefined, operator, first.revision),
    code('changed_meanwhile'),
  );
  const { revision } = await functions.get('default', 'f');
  const after = await functions.rollback('default', 'f', undefined, operator, revision);
  assert.ok(after.revision > revision);
  await functions.delete('default', 'f', operator, after.revision);
});

test('old versions and deployments are dropped, but none that a rollback can reach', async () => {
  const { deploy, plane, records, publisher } = await openControl();
  for (let count = 1; count <= versionsKept + 5; count++) await deploy('default', 'f', `artifact ${count}`);
  await plane.functions.rollback('default', 'f', 10, operator);
  for (let count = 1; count <= 5; count++) await deploy('default', 'f', `later ${count}`);
  const { versions, before } = await plane.functions.get('default', 'f');
  assert.equal(before.length, deploymentsKept);
  assert.ok(versions.includes(10 as never), 'it was deployed before');
  assert.ok(!versions.includes(9 as never));
  assert.equal(versions.length, versionsKept + 1);
  assert.deepEqual(
    (await records.list('versions/')).map(({ key }) => Number(key.split('/')[3])).toSorted((a, b) => a - b),
    versions,
  );
  while (before.length > 0 && publisher.served('default', 'f')?.weights !== '10:100')
    await plane.functions.rollback('default', 'f', undefined, operator);
  const listed = await plane.functions.versions('default', 'f', { limit: 3 });
  assert.deepEqual([listed.items.map(({ number }) => number), listed.next], [[60, 59, 58], '58']);
  assert.equal((await plane.functions.versions('default', 'f', { limit: 100, after: '11' })).items.length, 1);
});

test('a project is to be empty before it is deleted, and leaves nothing to who has its name next', async () => {
  const { deploy, plane } = await openControl();
  await plane.projects.create('shop', {}, operator);
  await plane.secrets.put('shop', 'KEY', 'sesame', operator);
  const { text } = await plane.tokens.create({ name: 't', project: 'shop' as never, scopes: ['deploy'] }, operator);
  const { version } = await deploy('shop', 'f', 'x', { settings: { secrets: ['KEY'] } });
  await assert.rejects(plane.projects.delete('shop', operator), code('not_empty'));
  await assert.rejects(plane.projects.create('shop', {}, operator), code('already_exists'));
  await plane.functions.delete('shop', 'f', operator);
  await plane.projects.delete('shop', operator);
  await assert.rejects(plane.projects.get('shop'), code('not_found'));
  assert.equal(await plane.tokens.authenticate(text), undefined);
  await plane.projects.create('shop', {}, operator);
  assert.equal(await plane.artifacts.has('shop', version.artifact), false);
  assert.deepEqual((await plane.secrets.list('shop')).items, []);
});

test('a project that is not the default one gets no route on every host unless it is let', async () => {
  const { deploy, plane } = await openControl();
  await plane.projects.create('shop', {}, operator);
  const own = await deploy('shop', 'f', 'x', {}, developer('shop'));
  assert.deepEqual(own.function.routes, []);
  await assert.rejects(deploy('shop', 'f', 'x', { routes: [{ path: '/*' }] }, developer('shop')), code('host_taken'));
  await deploy('shop', 'g', 'x', { routes: [{ path: '/g/*' }] }, operator);
  const again = await deploy('shop', 'g', 'y', {}, developer('shop'));
  assert.deepEqual(again.function.routes, [{ path: '/g/*' }]);
});
