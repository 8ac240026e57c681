/** What is left in the audit log of requests that the admin API does not let in, and what is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdminUnderTest, startAdminUnderTest } from '../../test/support/admin-under-test.ts';
import { operator, TestClock } from '../../test/support/control-under-test.ts';
import { until } from '../../test/support/node-under-test.ts';
import type { DeniedAttempt } from '../control/mod.ts';
import { type Denied, DeniedAttempts } from './denied-attempts.ts';

const shop = '/v1/projects/shop';

async function ask(admin: AdminUnderTest, path: string, token?: string, method = 'GET'): Promise<number> {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return (await fetch(`${admin.url}${path}`, { method, headers })).status;
}

/** What is noted of what was denied: `who target outcome times project`. */
async function deniedTo(admin: AdminUnderTest, project = '*'): Promise<string[]> {
  const { items } = await admin.control.plane.audit.list(project, { limit: 1000 });
  return items
    .filter(({ action }) => action === 'denied')
    .map((one) => `${one.actor} ${one.target} ${one.outcome} ${one.times} ${one.project}`)
    .toReversed();
}

test('who is denied something is noted at once, and counted after that', async (t) => {
  const admin = await startAdminUnderTest(t);
  const { plane } = admin.control;
  const reader = await admin.addToken('shop', ['read']);
  const [id] = (await plane.tokens.list('shop')).items.map((token) => token.id);
  assert.equal(await ask(admin, shop), 401);
  await until(async () => (await deniedTo(admin)).length === 1, 'the first');
  for (let count = 0; count < 5; count++) assert.equal(await ask(admin, `${shop}?again=${count}`), 401);
  assert.equal(await ask(admin, shop, `mfy_${'A'.repeat(43)}`), 401);
  assert.equal(await ask(admin, `${shop}/secrets/KEY`, reader, 'DELETE'), 403);
  assert.equal(await ask(admin, '/v1/status', reader), 403);
  assert.equal(await ask(admin, '/v1/projects/bank', reader), 404);
  assert.equal(await ask(admin, '/v1/nothing-here'), 404);
  assert.equal(await ask(admin, '/v1/health'), 200);
  await admin.server.stop(0);
  const project = 'GET /v1/projects/{project}';
  assert.deepEqual(await deniedTo(admin), [
    `nobody ${project} unauthorized 1 *`,
    `${id} DELETE /v1/projects/{project}/secrets/{secret} forbidden 1 shop`,
    `${id} GET /v1/status forbidden 1 shop`,
    `${id} ${project} not_found 1 *`,
    `nobody ${project} unauthorized 6 *`,
  ]);
  // A project sees what its own tokens were denied, and nothing of whoever came to others.
  assert.equal((await deniedTo(admin, 'shop')).length, 2);
  assert.deepEqual(await deniedTo(admin, 'bank'), []);
  const all = JSON.stringify(await admin.control.records.list(''));
  for (const text of ['mfy_', reader.slice(4), 'A'.repeat(43), 'again=']) assert.ok(!all.includes(text), text);
  assert.ok(all.includes('127.0.0.1'));
});

test('a token that its handler denies something is noted, too', async (t) => {
  const admin = await startAdminUnderTest(t);
  const token = await admin.addToken('shop', ['admin']);
  const denied = await admin
    .client(token)
    .createToken({ name: 'x', project: '*', scopes: ['admin'] })
    .catch((error: unknown) => (error as { code: string }).code);
  assert.equal(denied, 'forbidden');
  await until(async () => (await deniedTo(admin)).some((line) => /POST \/v1\/tokens forbidden/.test(line)), 'it');
});

test('a flood of denied requests leaves a few records, and pushes out nothing of what was done', async (t) => {
  const admin = await startAdminUnderTest(t, { deniedWindowMs: 1, deniedKindsMax: 3 });
  const { plane } = admin.control;
  const before = (await plane.audit.list('*', { limit: 1000 })).items.map(({ id }) => id);
  for (let count = 0; count < 3000; count++)
    await plane.audit.denied({
      project: '*',
      target: 'x',
      address: `10.0.0.${count}`,
      outcome: 'unauthorized',
      times: 1,
    });
  const records = await admin.control.records.list('denied/');
  assert.ok(records.length <= 2100, `${records.length}`);
  const { items, next } = await plane.audit.list('*', { limit: 1000 });
  assert.ok(items.every(({ action }) => action === 'denied') && next !== undefined);
  const seen: string[] = items.map(({ id }) => id);
  for (let after: string | undefined = next; after !== undefined;) {
    const page = await plane.audit.list('*', { limit: 1000, after });
    seen.push(...page.items.map(({ id }) => id));
    after = page.next;
  }
  assert.equal(new Set(seen).size, seen.length);
  assert.deepEqual(seen, seen.toSorted().toReversed(), 'the newest first, whichever list it is in');
  assert.ok(before.every((id) => seen.includes(id)));
  await plane.projects.create('after', {}, operator);
  assert.equal((await plane.audit.list('*', { limit: 1 })).items[0]?.action, 'project.create');
});

/** What is noted by an audit log that keeps nothing. */
function bounded(clock: TestClock): {
  readonly attempts: DeniedAttempts;
  readonly noted: string[];
  readonly logged: string[];
} {
  const noted: string[] = [];
  const logged: string[] = [];
  const audit = {
    denied: async ({ address, target, times }: DeniedAttempt) => {
      if (target === 'broken') throw new Error('no disk');
      noted.push(`${address} ${times}`);
    },
  };
  const log = { info: () => {}, error: (_: object, text: string) => void logged.push(text) };
  const attempts = new DeniedAttempts(audit, clock, log, { deniedWindowMs: 60_000, deniedKindsMax: 2 });
  return { attempts, noted, logged };
}

const denied = (address: string, target = 'x'): Denied => ({ project: '*', target, address, outcome: 'unauthorized' });

test('DeniedAttempts counts together what is beyond the kinds that it tells apart, and begins anew after a minute', async () => {
  const clock = new TestClock();
  const { attempts, noted } = bounded(clock);
  for (let count = 0; count < 1000; count++) attempts.note(denied(`10.0.0.${count % 100}`));
  clock.nowMs += 60_000;
  attempts.note(denied('10.0.0.7'));
  await attempts.flush();
  assert.deepEqual(noted.slice(0, 2), ['10.0.0.0 1', '10.0.0.1 1']);
  assert.deepEqual(noted.toSorted(), [
    '(others) 980',
    '10.0.0.0 1',
    '10.0.0.0 9',
    '10.0.0.1 1',
    '10.0.0.1 9',
    '10.0.0.7 1',
  ]);
  await attempts.flush();
  assert.equal(noted.length, 6);
});

test('DeniedAttempts tells the operator when the audit log cannot be written', async () => {
  const { attempts, noted, logged } = bounded(new TestClock());
  attempts.note(denied('10.0.0.1', 'broken'));
  await attempts.flush();
  assert.deepEqual([noted, logged], [[], ['what was denied could not be audited']]);
});
