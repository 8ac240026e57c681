import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startAdminUnderTest } from '../../test/support/admin-under-test.ts';
import type { AdminUnderTest } from '../../test/support/admin-under-test.ts';
import { MayflyError } from '../base/mod.ts';
import { Idempotency } from './idempotency.ts';
import type { Lifetime } from '../../test/support/node-under-test.ts';
import { rawRequest } from '../../test/support/raw-admin.ts';
import type { RawAnswer } from '../../test/support/raw-admin.ts';

const digest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

async function start(t: Lifetime, limits: { idempotencyKeysMax?: number } = {}): Promise<AdminUnderTest> {
  const admin = await startAdminUnderTest(t, limits);
  await admin.client().putArtifact('shop', digest, new Uint8Array());
  return admin;
}

/** Changes what is kept of the one request there was. */
async function changeEntry(
  { control: { records } }: AdminUnderTest,
  change: { state?: string; at?: number },
): Promise<void> {
  const [entry] = await records.list('idempotency/');
  await records.put(entry?.key ?? '', { ...(entry?.value as Record<string, string>), ...change }, 'any');
}

/** How often it was really done. */
async function deploys(admin: AdminUnderTest): Promise<number> {
  const { items } = await admin.client().listFunctions('shop');
  return items.find(({ name }) => name === 'hello')?.versions.length ?? 0;
}

function deploy(
  admin: AdminUnderTest,
  key: string,
  more: { message?: string; token?: string; accept?: string } = {},
): Promise<RawAnswer> {
  const { message = 'm', token, accept = 'application/json' } = more;
  return rawRequest(admin, {
    method: 'POST',
    path: '/v1/projects/shop/functions/hello/deployments',
    body: JSON.stringify({ artifact: digest, settings: {}, message, force: true }),
    headers: { 'idempotency-key': key, accept },
    ...(token === undefined ? {} : { token }),
  });
}

test('a request with a key is done once, however often it is sent, also as events', async (t) => {
  const admin = await start(t);
  const before = await deploys(admin);
  const first = await deploy(admin, 'k');
  const second = await deploy(admin, 'k');
  assert.equal(await deploys(admin), before + 1);
  assert.deepEqual([first.status, second.status, second.text], [200, 200, first.text]);
  assert.deepEqual(
    [first.headers['idempotency-replayed'], second.headers['idempotency-replayed']],
    [undefined, 'true'],
  );
  const third = await deploy(admin, 'k', { accept: 'text/event-stream' });
  assert.match(third.text, /^event: result\ndata: \{"outcome":"created"/);
  assert.equal(await deploys(admin), before + 1);
});

test('while it is being done, others with its key wait for it and get its answer', async (t) => {
  const admin = await start(t);
  const { promise: go, resolve: finish } = Promise.withResolvers<void>();
  admin.control.publisher.onWarm = () => go;
  const before = await deploys(admin);
  const answers = [deploy(admin, 'k'), deploy(admin, 'k'), deploy(admin, 'k')];
  const other = await deploy(admin, 'k', { message: 'other' });
  assert.deepEqual([other.status, other.code], [422, 'idempotency_mismatch']);
  finish();
  const texts = (await Promise.all(answers)).map(({ text }) => text);
  assert.equal(new Set(texts).size, 1);
  assert.equal(await deploys(admin), before + 1);
});

test('a key belongs to a token and to one request', async (t) => {
  const admin = await start(t);
  await deploy(admin, 'k');
  assert.equal((await deploy(admin, 'k', { message: 'other' })).code, 'idempotency_mismatch');
  const before = await deploys(admin);
  const token = await admin.addToken('shop', ['deploy']);
  assert.equal((await deploy(admin, 'k', { token })).status, 200);
  assert.equal(await deploys(admin), before + 1);
});

test('a request that failed can be sent again with its key', async (t) => {
  const admin = await start(t);
  admin.control.publisher.onWarm = () => Promise.reject(new MayflyError('builder_failed', { reason: 'was late' }));
  assert.equal((await deploy(admin, 'k')).code, 'builder_failed');
  admin.control.publisher.onWarm = async () => {};
  assert.equal((await deploy(admin, 'k')).status, 200);
});

test('a request that a stopped node left half-done is not done a second time', async (t) => {
  const admin = await start(t);
  await deploy(admin, 'k');
  await changeEntry(admin, { state: 'begun' });
  const again = await deploy(admin, 'k');
  assert.deepEqual([again.status, again.code], [409, 'idempotency_unknown']);
});

test('the answer that has a token in it is not kept', async (t) => {
  const admin = await start(t);
  const create = () =>
    rawRequest(admin, {
      method: 'POST',
      path: '/v1/tokens',
      body: JSON.stringify({ name: 'x', project: 'shop', scopes: ['read'] }),
      headers: { 'idempotency-key': 'k' },
    });
  const [first, meanwhile] = await Promise.all([create(), create()]);
  const again = await create();
  assert.deepEqual([first.status, meanwhile.code, again.code], [201, 'idempotency_not_kept', 'idempotency_not_kept']);
  assert.doesNotMatch(JSON.stringify(await admin.control.records.list('')), /mfy_/);
});

test('keys are forgotten after their time, and swept', async (t) => {
  const admin = await start(t);
  await deploy(admin, 'k');
  await changeEntry(admin, { at: 0 });
  const before = await deploys(admin);
  assert.equal((await deploy(admin, 'k', { message: 'other' })).status, 200);
  assert.equal(await deploys(admin), before + 1);
  await changeEntry(admin, { at: 0 });
  const bounds = { idempotencyMs: 1000, idempotencyKeysMax: 1 };
  await new Idempotency({ records: admin.control.records, clock: admin.control.clock }, bounds).sweep();
  assert.deepEqual(await admin.control.records.list('idempotency/'), []);
});

test('a token has so many keys and no more, and others have theirs', async (t) => {
  const admin = await start(t, { idempotencyKeysMax: 2 });
  await deploy(admin, 'a');
  await deploy(admin, 'b');
  const third = await deploy(admin, 'c');
  assert.deepEqual([third.status, third.code], [409, 'too_many']);
  assert.equal((await deploy(admin, 'a')).headers['idempotency-replayed'], 'true');
  const token = await admin.addToken('shop', ['deploy']);
  assert.equal((await deploy(admin, 'c', { token })).status, 200);
});

for (const key of ['', 'a b', 'ä', 'k'.repeat(256)]) {
  test(`'${key.slice(0, 5)}' is no key`, async (t) => {
    const admin = await start(t);
    const answer = await deploy(admin, key);
    assert.deepEqual([answer.status, answer.code], [400, 'bad_input']);
  });
}
