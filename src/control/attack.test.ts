/** What hostile input, hostile records and curious readers get from the control plane. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { developer, openControl, operator, testRandom } from '../../test/support/control-under-test.ts';
import { digestOf, isMayflyError, MayflyError } from '../base/mod.ts';
import type { JsonValue } from '../storage/mod.ts';
import { mayAct } from './may-act.ts';
import { parsePreviewHost } from './preview-host.ts';
import { openSnapshot } from './snapshot-signature.ts';
import type { Scope } from './types.ts';

const code = (wanted: string) => (error: unknown) => isMayflyError(error) && error.code === wanted;

const hostileNames = [
  '',
  '.',
  '..',
  'a/b',
  '../a',
  'a.b',
  'A',
  'ä',
  'a b',
  'a\u0000',
  '-a',
  'a-',
  '__proto__',
  'x'.repeat(64),
  'a\n',
  '＜',
  '*',
  'a%2fb',
  'constructor()',
];
for (const name of hostileNames) {
  test(`${JSON.stringify(name.slice(0, 20))} names no project, function or secret`, async () => {
    const { plane, deploy, records, upload } = await openControl();
    const artifact = await upload('default', 'x');
    const { functions, projects, secrets, tokens } = plane;
    const before = (await records.list('')).filter(({ key }) => !key.startsWith('audit/'));
    await assert.rejects(projects.create(name, {}, operator), code('bad_name'));
    await assert.rejects(projects.get(name), code('bad_name'));
    await assert.rejects(projects.delete(name, operator), code('bad_name'));
    await assert.rejects(functions.deploy('default', name, { artifact, settings: {} }, operator), code('bad_name'));
    await assert.rejects(functions.deploy(name, 'f', { artifact, settings: {} }, operator), code('bad_name'));
    for (const read of [functions.get('default', name), functions.get(name, 'f'), functions.version(name, 'f', 1)])
      await assert.rejects(read, code('bad_name'));
    await assert.rejects(functions.list(name), code('bad_name'));
    await assert.rejects(functions.delete('default', name, operator), code('bad_name'));
    await assert.rejects(secrets.list(name), code('bad_name'));
    await assert.rejects(secrets.put(name, 'KEY', 'v', operator), code('bad_name'));
    if (name !== 'A' && name !== 'x'.repeat(64)) {
      await assert.rejects(secrets.put('default', name, 'v', operator), code('bad_settings'));
      await assert.rejects(secrets.get('default', name), code('not_found'));
    }
    await assert.rejects(plane.artifacts.put(name, artifact, nothing(), operator), code('bad_name'));
    await assert.rejects(plane.artifacts.has(name, artifact), code('bad_name'));
    if (name !== '*')
      await assert.rejects(
        tokens.create({ name: 't', project: name as never, scopes: ['read'] }, operator),
        code('bad_name'),
      );
    const after = (await records.list('')).filter(({ key }) => !key.startsWith('audit/'));
    assert.deepEqual(after, before);
    await deploy('default', 'fine', 'x');
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array();
}

const sesame = 'sesame-8f3a';

test('the value of a secret is in nothing that the control plane keeps, hands out, logs or throws', async () => {
  const control = await openControl();
  const { blobs, deploy, logged, plane, publisher, records } = control;
  await plane.secrets.put('default', 'KEY', sesame, operator);
  await deploy('default', 'f', 'x', { settings: { secrets: ['KEY'], vars: { PLAIN: 'shown' } } });
  assert.deepEqual(publisher.state.functions[0]?.versions[0]?.served.env, { PLAIN: 'shown', KEY: sesame });
  const thrown: unknown[] = [];
  const failing = async (work: Promise<unknown>): Promise<void> =>
    void (await work.catch((error: unknown) => thrown.push(error)));
  await failing(plane.secrets.put('default', 'KEY', `${sesame}\0`, operator));
  await failing(plane.secrets.put('default', 'a/b', sesame, operator));
  await failing(plane.secrets.put('none', 'KEY', sesame, operator));
  await failing(plane.secrets.put('default', 'KEY', sesame.repeat(10_000), operator));
  await failing(plane.secrets.delete('default', 'KEY', operator));
  publisher.onWarm = () => Promise.reject(new MayflyError('image_corrupt', { reason: 'test' }));
  await failing(plane.secrets.put('default', 'KEY', `${sesame}2`, operator));
  await failing(deploy('default', 'f', 'y', { settings: { secrets: ['KEY'] } }));
  assert.equal(thrown.length, 7);
  const seen = [
    await records.list(''),
    plane.snapshots.current(),
    await plane.secrets.list('default'),
    await plane.secrets.get('default', 'KEY'),
    await plane.functions.get('default', 'f'),
    await plane.functions.version('default', 'f', 1),
    await plane.functions.routes('default'),
    await plane.audit.list('*'),
    logged,
    thrown,
  ];
  const text = inspect(seen, { depth: 20, maxArrayLength: null, maxStringLength: null });
  const base64 = Buffer.from(sesame).toString('base64').slice(0, 14);
  for (const trace of [sesame, base64, Buffer.from(sesame).toString('hex')]) assert.ok(!text.includes(trace));
  assert.match(text, /PLAIN/);
  for await (const { digest } of blobs.list()) assert.ok(!(await blobs.get(digest)).toString().includes(sesame));
});

test('a new value of a secret reaches the functions that have it before it is acknowledged', async () => {
  const { deploy, plane, publisher } = await openControl();
  await plane.secrets.put('default', 'KEY', 'one', operator);
  await deploy('default', 'with', 'x', { settings: { secrets: ['KEY'] } });
  await deploy('default', 'without', 'x');
  await plane.secrets.put('default', 'KEY', 'two', operator);
  const env = (name: string): unknown =>
    publisher.state.functions.find((one) => one.name === name)?.versions[0]?.served.env;
  assert.deepEqual([env('with'), env('without')], [{ KEY: 'two' }, {}]);
  await assert.rejects(
    plane.secrets.delete('default', 'KEY', operator),
    (error) => isMayflyError(error, 'secret_in_use') && error.message.includes('with'),
  );
  await deploy('default', 'with', 'x');
  await plane.secrets.delete('default', 'KEY', operator);
  await assert.rejects(plane.functions.rollback('default', 'with', undefined, operator), code('secret_missing'));
});

test('a secret that is moved to another project by whoever can write records does not open there', async () => {
  const control = await openControl();
  const { plane, records } = control;
  await plane.projects.create('thief', {}, operator);
  await plane.secrets.put('default', 'KEY', sesame, operator);
  const stored = await records.get('secrets/default/KEY');
  assert.ok(stored !== undefined);
  const moved = { ...(stored.value as Record<string, JsonValue>), project: 'thief' };
  await records.put('secrets/thief/KEY', moved, 'any');
  await assert.rejects(
    control.deploy('thief', 'f', 'x', { settings: { secrets: ['KEY'] } }),
    code('secret_unreadable'),
  );
});

test('another node key opens no secret, and the functions without secrets are served all the same', async () => {
  const control = await openControl();
  await control.plane.secrets.put('default', 'KEY', sesame, operator);
  await control.deploy('default', 'with', 'x', { settings: { secrets: ['KEY'] } });
  await control.deploy('default', 'without', 'x');
  const { records, blobs } = control;
  const other = await openControl({ records, blobs, nodeKey: new Uint8Array(32).fill(8) });
  assert.deepEqual(
    other.publisher.state.functions.map(({ name }) => name),
    ['without'],
  );
  assert.ok(other.logged.some((line) => inspect(line).includes('cannot be served')));
  assert.throws(() => openSnapshot(other.plane.snapshots.current(), control.plane.publicKey, 0), code('bad_snapshot'));
});

/** Records that nobody should have written; the node still starts, and serves what is sound. */
const hostileRecords: readonly (readonly [key: string, value: JsonValue])[] = [
  ['functions/default/bad', null],
  ['functions/default/bad', { versions: 'all' }],
  ['functions/default/bad', []],
  ['functions/default/bad', JSON.parse('{"__proto__":{"versions":[1]}}') as JsonValue],
  ['functions/default/BAD', { project: 'default', name: 'BAD' }],
  ['functions/none/orphan', 7],
  ['functions/extra/deep/er', {}],
  ['functions/default', {}],
  ['versions/default/f/999', { number: 999 }],
  ['versions/default/f/NaN', {}],
  ['versions/default/f/1/2', {}],
  ['versions/default/gone/1', 'x'],
  ['secrets/default/BAD', { sealed: 'no' }],
  ['tokens/bad', { id: 'bad', scopes: ['root'] }],
  ['audit/9', { at: 'never' }],
  ['artifacts/default/xx', { digest: 'xx' }],
  ['projects/default2', { id: 'Default2' }],
  ['control/starts', 'many'],
  ['unknown/thing', { a: 1 }],
];
for (const [key, value] of hostileRecords) {
  test(`a record ${key} of ${JSON.stringify(value)} keeps nothing else from being served`, async () => {
    const first = await openControl();
    const { records } = first;
    await first.deploy('default', 'f', 'x');
    await records.put(key, value, 'any');
    const { plane, publisher, deploy } = await openControl({ records, blobs: first.blobs, random: testRandom('2') });
    assert.deepEqual(publisher.served('default', 'f')?.weights, '1:100');
    await plane.functions.list('default');
    await plane.tokens.list('*');
    await plane.audit.list('*');
    await plane.createOperatorToken();
    await deploy('default', 'f', 'y');
    assert.deepEqual(publisher.served('default', 'f')?.weights, '2:100');
  });
}

test('a record that grants more than its owner has, such as a deployment of 200 percent, is not taken', async () => {
  const control = await openControl();
  await control.deploy('default', 'f', 'x');
  const stored = await control.records.get('functions/default/f');
  const value = stored?.value as Record<string, JsonValue>;
  const deployments: JsonValue[] = [
    { entries: [{ version: 1, percent: 200 }], at: 1, by: 'x' },
    { entries: [{ version: 1, percent: 50 }], at: 1, by: 'x' },
    { entries: [], at: 1, by: 'x' },
    { entries: [{ version: 2, percent: 100 }], at: 1, by: 'x' },
  ];
  for (const deployment of deployments) {
    await control.records.put('functions/default/f', { ...value, deployment }, 'any');
    await assert.rejects(control.plane.functions.get('default', 'f'), code('bad_record'));
    assert.deepEqual((await control.reopen()).publisher.state.functions, []);
  }
  await control.records.put('functions/default/f', value, 'any');
  assert.equal((await control.reopen()).publisher.served('default', 'f')?.weights, '1:100');
});

test('one project sees nothing of another: not its artifacts, functions, secrets, tokens or audit', async () => {
  const { deploy, plane } = await openControl();
  for (const id of ['one', 'two']) await plane.projects.create(id, {}, operator);
  const { version } = await deploy('one', 'f', 'private artifact', {}, developer('one'));
  await plane.secrets.put('one', 'KEY', sesame, developer('one'));
  await plane.tokens.create({ name: 't', project: 'one' as never, scopes: ['read'] }, developer('one'));
  assert.equal(await plane.artifacts.has('two', version.artifact), false);
  await assert.rejects(
    plane.functions.deploy('two', 'g', { artifact: version.artifact, settings: {} }, developer('two')),
    code('not_found'),
  );
  for (const read of [
    plane.functions.get('two', 'f'),
    plane.functions.versions('two', 'f'),
    plane.functions.version('two', 'f', 1),
    plane.secrets.get('two', 'KEY'),
  ])
    await assert.rejects(read, code('not_found'));
  assert.deepEqual((await plane.functions.list('two')).items, []);
  assert.deepEqual((await plane.secrets.list('two')).items, []);
  assert.deepEqual((await plane.tokens.list('two')).items, []);
  const audited = (await plane.audit.list('two')).items;
  assert.ok(audited.every(({ project }) => project === 'two'));
  // A project whose name begins with another's is another project.
  await plane.projects.create('on', {}, operator);
  assert.deepEqual((await plane.functions.list('on')).items, []);
});

test('who sends the bytes of an artifact that another project has still gets to use them', async () => {
  const { deploy, plane } = await openControl();
  for (const id of ['one', 'two']) await plane.projects.create(id, {}, operator);
  const first = await deploy('one', 'f', 'shared');
  const second = await deploy('two', 'f', 'shared');
  assert.equal(first.version.artifact, second.version.artifact);
  const digest = digestOf(Buffer.from('shared'));
  await assert.rejects(plane.artifacts.put('two', digest, nothing(), operator), code('blob_mismatch'));
});

test('mayAct lets a token do what its scopes include, in its own project alone', () => {
  const actor = (project: string, ...scopes: Scope[]) => ({ ...operator, project: project as never, scopes });
  const cases: readonly (readonly [ReturnType<typeof actor>, string, Scope, boolean])[] = [
    [actor('*', 'admin'), '*', 'admin', true],
    [actor('*', 'admin'), 'one', 'read', true],
    [actor('*', 'read'), 'one', 'read', true],
    [actor('*', 'read'), '*', 'read', true],
    [actor('*', 'read'), 'one', 'deploy', false],
    [actor('one', 'admin'), 'one', 'deploy', true],
    [actor('one', 'admin'), '*', 'read', false],
    [actor('one', 'admin'), 'two', 'read', false],
    [actor('one', 'deploy'), 'one', 'read', true],
    [actor('one', 'deploy'), 'one', 'admin', false],
    [actor('one'), 'one', 'read', false],
    [actor('one', 'root' as Scope), 'one', 'read', false],
    [actor('one', 'constructor' as Scope), 'one', 'read', false],
  ];
  for (const [who, project, scope, may] of cases)
    assert.equal(mayAct(who, project as never, scope), may, JSON.stringify([who, project, scope]));
});

test('tokens authenticate while they are good, and only as they were given out', async () => {
  const { clock, plane, records } = await openControl();
  const { tokens } = plane;
  const expiresAt = clock.nowMs + 1000;
  const { info, text } = await tokens.create({ name: 'ci', project: '*', scopes: ['deploy'], expiresAt }, operator);
  assert.match(text, /^mfy_[\w-]{43}$/);
  assert.deepEqual(await tokens.authenticate(text), info);
  for (const wrong of ['', 'mfy_', text.slice(0, -1), `${text}A`, text.toUpperCase(), ` ${text}`, `${text}\n`, info.id])
    assert.equal(await tokens.authenticate(wrong), undefined, wrong);
  assert.ok(!JSON.stringify(await records.list('')).includes(text));
  assert.ok(!JSON.stringify(await records.list('')).includes(text.slice(4)));
  // Whoever can write a record of the right id still has to know the hash of a text that he knows.
  const stored = await records.get(`tokens/${info.id}`);
  await records.put(`tokens/${info.id}`, { ...(stored?.value as object), sha256: '0'.repeat(64) }, 'any');
  assert.equal(await tokens.authenticate(text), undefined);
  await records.put(`tokens/${info.id}`, stored?.value ?? null, 'any');
  clock.nowMs += 1000;
  assert.equal(await tokens.authenticate(text), undefined);
  const second = await tokens.create({ name: 'ci', project: '*', scopes: ['admin', 'admin'] }, operator);
  assert.deepEqual(second.info.scopes, ['admin']);
  await tokens.revoke(second.info.id, operator);
  assert.equal(await tokens.authenticate(second.text), undefined);
  await assert.rejects(tokens.revoke(second.info.id, operator), code('not_found'));
  for (const bad of [
    { scopes: [] },
    { scopes: ['root' as Scope] },
    { name: '' },
    { name: 'a\nb' },
    { expiresAt: 1 },
    { expiresAt: Number.NaN },
  ])
    await assert.rejects(
      tokens.create({ name: 'x', project: '*', scopes: ['read'], ...bad }, operator),
      code('bad_settings'),
    );
});

test('a token that expires makes none that outlives it', async () => {
  const { clock, plane } = await openControl();
  const { tokens } = plane;
  const expiresAt = clock.nowMs + 1000;
  const { info: lent } = await tokens.create({ name: 'lent', project: '*', scopes: ['admin'], expiresAt }, operator);
  const wanted = { name: 'kept', project: '*', scopes: ['admin'] } as const;
  await assert.rejects(tokens.create({ ...wanted, expiresAt: expiresAt + 1 }, lent), code('bad_settings'));
  assert.equal((await tokens.create({ ...wanted, expiresAt: expiresAt - 1 }, lent)).info.expiresAt, expiresAt - 1);
  assert.equal((await tokens.create(wanted, lent)).info.expiresAt, expiresAt);
  assert.equal((await tokens.create(wanted, operator)).info.expiresAt, undefined);
});

test('parsePreviewHost takes just the hosts that versions have', () => {
  const fine = parsePreviewHost('v12.cart.shop.preview.localhost', 'preview.localhost');
  assert.deepEqual(fine, { project: 'shop', function: 'cart', version: 12 });
  const hosts = [
    'preview.localhost',
    'v1.preview.localhost',
    'v0.f.p.preview.localhost',
    'v01.f.p.preview.localhost',
    'x1.f.p.preview.localhost',
  ];
  for (const host of [
    ...hosts,
    'v1.a.f.p.preview.localhost',
    'v1..p.preview.localhost',
    'v1.f.__proto__.preview.localhost',
    'v1.f.p.preview.localhost.evil',
    'v1.f.pxpreview.localhost',
    'v1234567890.f.p.preview.localhost',
  ])
    assert.equal(parsePreviewHost(host, 'preview.localhost'), undefined, host);
});

test('the audit log tells who did what and what came of it, newest first, page by page', async () => {
  const { clock, deploy, plane } = await openControl();
  await deploy('default', 'f', 'x');
  clock.nowMs -= 5000;
  await assert.rejects(deploy('default', 'f', 'y', { percent: 0 }));
  await plane.functions.rollback('default', 'f', 1, operator);
  const { items } = await plane.audit.list('default', { limit: 3 });
  assert.deepEqual(
    items.map(({ action, target, outcome, actor }) => [action, target, outcome, actor]),
    [
      ['rollback', 'functions/f', 'done', 'operator'],
      ['deploy', 'functions/f', 'bad_weights', 'operator'],
      ['artifact.put', digestOf(Buffer.from('y')), 'done', 'operator'],
    ],
  );
  const all: string[] = [];
  for (let after: string | undefined; ;) {
    const part = await plane.audit.list('*', { limit: 2, ...(after === undefined ? {} : { after }) });
    all.push(...part.items.map(({ id }) => id));
    after = part.next;
    if (after === undefined) break;
  }
  assert.deepEqual(all, all.toSorted().toReversed());
  assert.equal(all.length, (await plane.audit.list('*')).items.length);
});

test('whoever waits for a snapshot gets it once it is served, and what came before is not taken for it', async () => {
  const { deploy, plane } = await openControl();
  const { generation } = plane.snapshots;
  const waiting = plane.snapshots.after(generation, AbortSignal.timeout(5000));
  await deploy('default', 'f', 'x', { settings: { vars: { A: '1' } } });
  const snapshot = await waiting;
  assert.ok(snapshot !== undefined);
  const content = openSnapshot(snapshot, plane.publicKey, generation) as { functions: { name: string }[] };
  assert.deepEqual(
    content.functions.map(({ name }) => name),
    ['f'],
  );
  assert.equal(await plane.snapshots.after(plane.snapshots.generation, AbortSignal.timeout(5)), undefined);
  assert.equal(await plane.snapshots.after(plane.snapshots.generation, AbortSignal.abort()), undefined);
});
