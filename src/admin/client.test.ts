import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { startAdminUnderTest } from '../../test/support/admin-under-test.ts';
import { operator } from '../../test/support/control-under-test.ts';
import { isMayflyError } from '../base/mod.ts';
import { AdminProblem } from './admin-problem.ts';
import { AdminClient, everyItem } from './client.ts';

const artifact = Buffer.from('the bytes of an artifact');
const digest = `sha256:${createHash('sha256').update(artifact).digest('hex')}`;

function isProblem(code: string, status: number): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof AdminProblem, String(error));
    assert.deepEqual([error.code, error.status], [code, status]);
    return true;
  };
}

test('AdminClient uploads what is not known, deploys it with progress, and gets what it came to', async (t) => {
  const client = (await startAdminUnderTest(t)).client();
  assert.equal(await client.hasArtifact('shop', digest), false);
  await client.putArtifact('shop', digest, artifact);
  assert.equal(await client.hasArtifact('shop', digest), true);
  assert.equal(await client.hasArtifact('bank', digest), false);

  const steps: string[] = [];
  const input = {
    artifact: digest,
    settings: { vars: { A: 'ä\n' } },
    message: 'first',
    routes: [{ host: 'hello.example', path: '/*' }],
  };
  const deployed = await client.deploy('shop', 'hello', input, ({ step }) => steps.push(step));
  assert.deepEqual(steps, ['checked', 'built', 'stored', 'warm', 'live']);
  assert.equal(deployed.outcome, 'created');
  assert.equal(deployed.version.previewUrl, 'http://v1.hello.shop.preview.localhost:8080/');
  assert.deepEqual(deployed.version.settings.vars, { A: 'ä\n' });
  assert.deepEqual(deployed.function.urls, ['http://hello.example:8080/']);
  assert.deepEqual(await client.getVersion('shop', 'hello', 1), deployed.version);
  assert.deepEqual(await client.getFunction('shop', 'hello'), deployed.function);
});

test('AdminClient changes what is deployed only while it is what it was', async (t) => {
  const admin = await startAdminUnderTest(t);
  const client = admin.client();
  await admin.control.deploy('shop', 'cart', 'cart 2');
  const { revision } = await client.getFunction('shop', 'cart');
  const weights = [
    { version: 1, percent: 90 },
    { version: 2, percent: 10 },
  ];
  const split = await client.setWeights(
    'shop',
    'cart',
    { weights, stickyBy: { cookie: 'sid' } },
    { expected: revision },
  );
  assert.deepEqual([split.deployment.weights, split.deployment.stickyBy], [weights, { cookie: 'sid' }]);
  await assert.rejects(
    client.setWeights('shop', 'cart', { weights }, { expected: revision }),
    isProblem('changed_meanwhile', 412),
  );
  await assert.rejects(
    client.rollback('shop', 'cart', {}, { expected: revision }),
    isProblem('changed_meanwhile', 412),
  );
  const back = await client.rollback('shop', 'cart', { to: 1 }, { expected: split.revision });
  assert.deepEqual(back.deployment.weights, [{ version: 1, percent: 100 }]);
  await assert.rejects(
    client.deleteFunction('shop', 'cart', { expected: revision }),
    isProblem('changed_meanwhile', 412),
  );
  await client.deleteFunction('shop', 'cart', { expected: back.revision });
  await assert.rejects(client.getFunction('shop', 'cart'), isProblem('not_found', 404));
});

test('AdminClient manages projects, secrets and tokens, and reads what was done', async (t) => {
  const admin = await startAdminUnderTest(t);
  const client = admin.client();
  assert.deepEqual((await client.createProject({ id: 'new', limits: { cpuMs: 100 } })).limits, { cpuMs: 100 });
  await client.putSecret('new', 'API_KEY', 'hunter2');
  assert.deepEqual(
    (await client.listSecrets('new')).items.map(({ name }) => name),
    ['API_KEY'],
  );
  await client.deleteSecret('new', 'API_KEY');
  const token = await client.createToken({
    name: 'ci',
    project: 'new',
    scopes: ['deploy'],
    expiresAt: '2099-01-01T00:00:00Z',
  });
  assert.match(token.token, /^mfy_/);
  const other = admin.client(token.token);
  assert.deepEqual(
    (await other.listProjects()).items.map(({ id }) => id),
    ['new'],
  );
  await client.revokeToken(token.id);
  await assert.rejects(other.listProjects(), isProblem('unauthorized', 401));
  await client.deleteProject('new');
  assert.equal((await client.getStatus()).version, '1.2.3');
  assert.equal((await client.getHealth()).status, 'ok');
  assert.deepEqual(
    (await client.listAudit({ limit: 3 })).items
      .filter(({ action }) => action !== 'denied')
      .map(({ action, target, outcome }) => [action, target, outcome]),
    [
      ['project.delete', 'project', 'done'],
      ['token.revoke', `tokens/${token.id} (ci)`, 'done'],
    ],
  );
  const snapshot = await client.getSnapshot();
  const { generation } = JSON.parse(snapshot?.payload ?? '') as { generation: number };
  assert.equal((await client.getSnapshot({ after: generation - 1 }))?.signature, snapshot?.signature);
  assert.equal(await client.getSnapshot({ after: generation, waitMs: 10 }), undefined);
});

test('everyItem reads a list page by page', async (t) => {
  const admin = await startAdminUnderTest(t);
  for (let index = 0; index < 120; index++) await admin.control.plane.projects.create(`p${index}`, {}, operator);
  const asked: (string | undefined)[] = [];
  const client = admin.client();
  const all = await Array.fromAsync(
    everyItem((page) => {
      asked.push(page.after);
      return client.listProjects(page);
    }),
  );
  const ids = all.map(({ id }) => id);
  assert.deepEqual([ids.length, new Set(ids).size], [123, 123]);
  assert.deepEqual(asked, [undefined, ids[49], ids[99]]);
});

test('AdminClient follows a log: what is kept, then what comes', { timeout: 10_000 }, async (t) => {
  const admin = await startAdminUnderTest(t);
  const client = admin.client();
  const stop = new AbortController();
  const texts: string[] = [];
  admin.log('shop', 'cart', 'second');
  await assert.rejects(
    async () => {
      for await (const line of client.followLogs('shop', 'cart', { after: '0' }, stop.signal)) {
        texts.push(line.text);
        if (texts.length === 1) admin.log('shop', 'cart', 'third\nof two lines');
        else stop.abort();
      }
    },
    { name: 'AbortError' },
  );
  assert.deepEqual(texts, ['second', 'third\nof two lines']);
  assert.deepEqual(
    (await client.getLogs('shop', 'cart', { since: '2026-01-01T00:00:01Z', limit: 1 })).map(({ text }) => text),
    ['third\nof two lines'],
  );
});

test('AdminClient says in plain words that no node is there, and that something else is', async (t) => {
  const admin = await startAdminUnderTest(t);
  await admin.server.stop(0);
  await assert.rejects(admin.client().getStatus(), (error) => {
    assert.ok(isMayflyError(error, 'node_unreachable'));
    assert.match(error.message, /^Cannot reach the node at http:\/\/127\.0\.0\.1:\d+: nothing listens there$/);
    return true;
  });
  const answers: readonly [string, Response][] = [
    ['a page', new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['broken JSON', new Response('{', { headers: { 'content-type': 'application/json' } })],
    ['a problem of another form', Response.json({ error: 'no' }, { status: 500 })],
  ];
  for (const [name, answer] of answers) {
    const client = new AdminClient({ url: 'http://x.invalid/', fetch: async () => answer });
    await assert.rejects(client.getStatus(), (error) => isMayflyError(error, 'bad_answer'), name);
  }
  await assert.rejects(admin.client().getProject('..'), (error) => isMayflyError(error, 'bad_name'));
});
