import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { startAdminUnderTest } from '../../test/support/admin-under-test.ts';
import type { AdminUnderTest } from '../../test/support/admin-under-test.ts';
import { fileLifetime } from '../../test/support/node-under-test.ts';
import type { Scope } from '../control/mod.ts';
import { AdminProblem } from './admin-problem.ts';
import { allEndpoints as endpoints } from './openapi.ts';

/** Who may use an endpoint at the least: a scope, in the project of the path, in the token's own, or of the whole node. */
type Rule = 'everybody' | `${'project' | 'own' | 'node'} ${Scope}`;

interface Row {
  readonly rule: Rule;
  /** A request to project `shop` that is right in all but who sends it. */
  readonly path: string;
  readonly body?: object | 'bytes';
}

const zeros = `sha256:${'0'.repeat(64)}`;
const shop = '/v1/projects/shop';
const cart = `${shop}/functions/cart`;

/** What the access rules are meant to be, said a second time: an endpoint without a row here fails. */
const rows: Readonly<Record<string, Row>> = {
  getOpenApi: { rule: 'everybody', path: '/v1/openapi.json' },
  getHealth: { rule: 'everybody', path: '/v1/health' },
  getStatus: { rule: 'node read', path: '/v1/status' },
  getSnapshot: { rule: 'node admin', path: '/v1/snapshot' },
  listAudit: { rule: 'own admin', path: '/v1/audit' },
  listProjects: { rule: 'own read', path: '/v1/projects' },
  createProject: { rule: 'node admin', path: '/v1/projects', body: { id: 'other' } },
  getProject: { rule: 'project read', path: shop },
  changeProject: { rule: 'node admin', path: shop, body: { workers: 0 } },
  deleteProject: { rule: 'node admin', path: shop },
  listFunctions: { rule: 'project read', path: `${shop}/functions` },
  getFunction: { rule: 'project read', path: cart },
  deleteFunction: { rule: 'project deploy', path: cart },
  listVersions: { rule: 'project read', path: `${cart}/versions` },
  getVersion: { rule: 'project read', path: `${cart}/versions/1` },
  setWeights: { rule: 'project deploy', path: `${cart}/weights`, body: { weights: [{ version: 1, percent: 100 }] } },
  rollback: { rule: 'project deploy', path: `${cart}/rollback`, body: { to: 1 } },
  listRoutes: { rule: 'project read', path: `${shop}/routes` },
  hasArtifact: { rule: 'project deploy', path: `${shop}/artifacts/${zeros}` },
  putArtifact: { rule: 'project deploy', path: `${shop}/artifacts/${zeros}`, body: 'bytes' },
  deploy: { rule: 'project deploy', path: `${cart}/deployments`, body: { artifact: zeros, settings: {} } },
  listSecrets: { rule: 'project read', path: `${shop}/secrets` },
  getSecret: { rule: 'project read', path: `${shop}/secrets/KEY` },
  putSecret: { rule: 'project deploy', path: `${shop}/secrets/KEY`, body: { value: 'x' } },
  deleteSecret: { rule: 'project deploy', path: `${shop}/secrets/KEY` },
  getLogs: { rule: 'project read', path: `${cart}/logs` },
  listTokens: { rule: 'own admin', path: '/v1/tokens' },
  createToken: { rule: 'own admin', path: '/v1/tokens', body: { name: 'x', project: 'shop', scopes: ['read'] } },
  revokeToken: { rule: 'own admin', path: '/v1/tokens/t1' },
};

test('every endpoint has a row that says who may use it, and every row an endpoint', () => {
  assert.deepEqual(endpoints.map(({ id }) => id).toSorted(), Object.keys(rows).toSorted());
});

const scopes: readonly Scope[] = ['read', 'deploy', 'admin'];

interface Caller {
  readonly name: string;
  readonly project?: 'shop' | 'bank' | '*';
  readonly scope?: Scope;
  /** The whole Authorization header, for who has no good token. */
  readonly authorization?: (admin: AdminUnderTest) => Promise<string> | string | undefined;
}

const goodCallers: readonly Caller[] = (['shop', 'bank', '*'] as const).flatMap((project) =>
  scopes.map((scope) => ({ name: `a token of ${project} for ${scope}`, project, scope })),
);

const badCallers: readonly Caller[] = [
  { name: 'nobody', authorization: () => undefined },
  { name: 'an unknown token', authorization: () => `Bearer mfy_${'A'.repeat(43)}` },
  { name: 'an expired token', authorization: expired },
  {
    name: 'a revoked token',
    authorization: async (admin) => {
      const { token, id } = await admin.client().createToken({ name: 'x', project: '*', scopes: ['admin'] });
      await admin.client().revokeToken(id);
      return `Bearer ${token}`;
    },
  },
  { name: 'a token cut short', authorization: ({ nodeToken }) => `Bearer ${nodeToken.slice(0, -1)}` },
  { name: 'a token with more behind it', authorization: ({ nodeToken }) => `Bearer ${nodeToken}A` },
  { name: 'a token in another case', authorization: ({ nodeToken }) => `Bearer ${nodeToken.toUpperCase()}` },
  { name: 'two tokens', authorization: ({ nodeToken }) => `Bearer ${nodeToken}, Bearer ${nodeToken}` },
  { name: 'a bare token', authorization: ({ nodeToken }) => nodeToken },
  { name: 'another scheme', authorization: ({ nodeToken }) => `Basic ${btoa(`admin:${nodeToken}`)}` },
  { name: 'an empty token', authorization: () => 'Bearer ' },
  { name: 'the id of a token', authorization: () => 'Bearer t1' },
  { name: 'a very long token', authorization: () => `Bearer ${'a'.repeat(8000)}` },
];

async function expired(admin: AdminUnderTest): Promise<string> {
  const { clock } = admin.control;
  const text = await admin.addToken('*', ['admin'], clock.nowMs + 1);
  clock.nowMs += 2;
  return `Bearer ${text}`;
}

/** What has to come of it: `may` for whatever the endpoint answers to who may use it. */
function wanted({ rule }: Row, { project, scope }: Caller): 'may' | number {
  if (rule === 'everybody') return 'may';
  if (project === undefined || scope === undefined) return 401;
  const [reach = '', least = ''] = rule.split(' ');
  const isEnough = scopes.indexOf(scope) >= scopes.indexOf(least as Scope);
  if (reach === 'node') return project === '*' && isEnough ? 'may' : 403;
  // To a token of another project there is no such project, whatever its scope.
  if (reach === 'project' && project === 'bank') return 404;
  return isEnough ? 'may' : 403;
}

const lifetime = fileLifetime();
const shared = startAdminUnderTest(lifetime);

for (const endpoint of endpoints) {
  const row = rows[endpoint.id];
  if (row === undefined) continue;
  test(`${endpoint.method} ${endpoint.path} is for ${row.rule}`, async (t) => {
    const admin = await shared;
    for (const caller of badCallers) {
      const want = wanted(row, caller);
      const authorization = (await caller.authorization?.(admin)) ?? undefined;
      const before = await stateOf(admin);
      const answer = await ask(admin, endpoint.method, row, authorization);
      assert.equal(answer.status === 401 ? 401 : 'may', want, caller.name);
      if (want !== 'may') assert.equal(await stateOf(admin), before, `${caller.name} changes nothing`);
    }
    for (const caller of goodCallers) {
      // What is allowed may change things: each on a node of its own.
      const want = wanted(row, caller);
      const own = want === 'may' && endpoint.method !== 'GET' ? await startAdminUnderTest(t) : admin;
      const token = await own.addToken(caller.project ?? '', [caller.scope ?? 'read']);
      const before = await stateOf(own);
      const answer = await ask(own, endpoint.method, row, `Bearer ${token}`);
      const text = await answer.text();
      if (want === 'may') assert.notEqual([401, 403].includes(answer.status), true, `${caller.name}: ${text}`);
      else {
        assert.equal(answer.status, want, `${caller.name}: ${text}`);
        assert.equal(await stateOf(own), before, `${caller.name} changes nothing`);
      }
      if (caller.project === 'bank')
        assert.doesNotMatch(text.replaceAll(String.raw`\"shop\"`, ''), /shop/, caller.name);
      assert.doesNotMatch(text, /hidden-of-/, 'no value of a secret comes out');
    }
  });
}

test('a project that is another’s and one that is not there are answered alike', async () => {
  const admin = await shared;
  const token = await admin.addToken('bank', ['admin']);
  for (const rest of ['', '/functions', '/functions/cart', '/functions/cart/logs', '/secrets/KEY', '/routes']) {
    const [other, none] = await Promise.all(
      ['shop', 'absent'].map(async (project) => {
        const response = await fetch(`${admin.url}/v1/projects/${project}${rest}`, { headers: bearer(token) });
        return [response.status, (await response.text()).replaceAll(project, 'X')];
      }),
    );
    assert.deepEqual(other, none, rest);
    assert.equal(other?.[0], 404);
  }
});

test('a token of one project lists, creates and revokes that project’s tokens alone', async (t) => {
  const admin = await startAdminUnderTest(t);
  const bank = admin.client(await admin.addToken('bank', ['admin']));
  const others = await admin.client().createToken({ name: 'others', project: 'shop', scopes: ['admin'] });
  const listed = (await bank.listTokens()).items;
  assert.deepEqual([...new Set(listed.map(({ project }) => project))], ['bank']);

  const coded = (code: string) => (error: unknown) => (error as { code?: string }).code === code;
  await assert.rejects(bank.revokeToken(others.id), coded('not_found'));
  await assert.rejects(bank.revokeToken('none'), coded('not_found'));
  const create = (project: string) => bank.createToken({ name: 'x', project, scopes: ['read'] });
  await assert.rejects(create('shop'), coded('not_found'));
  await assert.rejects(create('none'), coded('not_found'));
  await assert.rejects(create('*'), coded('forbidden'));
  const own = await create('bank');
  await bank.revokeToken(own.id);
  assert.equal((await admin.client(others.token).listProjects()).items[0]?.id, 'shop');
});

test('a deploy that claims what another project has is not told whose it is', async (t) => {
  const admin = await startAdminUnderTest(t);
  const bank = admin.client(await admin.addToken('bank', ['deploy']));
  const { version } = (await bank.listVersions('bank', 'cart')).items[0] ?? { version: 0 };
  const { artifact } = await bank.getVersion('bank', 'cart', version);
  for (const path of ['/cart/*', '/other']) {
    const deploy = bank.deploy('bank', 'mine', { artifact, settings: {}, routes: [{ host: 'shop.example', path }] });
    await assert.rejects(deploy, (error) => {
      assert.ok(error instanceof AdminProblem);
      assert.match(error.code, /^(?:host_taken|route_conflict)$/);
      assert.doesNotMatch(`${error.message} ${error.hint}`.replaceAll('shop.example', ''), /shop|cart(?!\/)/);
      return true;
    });
  }
});

test('no answer but that to its creation has what authenticates a token', async (t) => {
  const admin = await startAdminUnderTest(t);
  const client = admin.client();
  const { token } = await client.createToken({ name: 'x', project: 'shop', scopes: ['read'] });
  const all = JSON.stringify([await client.listTokens(), await client.listAudit(), await client.getStatus()]);
  assert.equal(all.includes(token), false);
  assert.doesNotMatch(all, /"sha256"|mfy_/);
});

function ask(
  admin: AdminUnderTest,
  method: string,
  { path, body }: Row,
  authorization: string | undefined,
): Promise<Response> {
  const type = body === 'bytes' ? 'application/wasm' : 'application/json';
  return fetch(`${admin.url}${path}`, {
    method,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body: body === 'bytes' ? 'bytes' : JSON.stringify(body) }),
  });
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** Everything that a request could have changed, but for the note that it was denied: short, for the message of a test that fails. */
async function stateOf({ control }: AdminUnderTest): Promise<string> {
  const records = (await control.records.list('')).filter(({ key }) => !key.startsWith('denied/'));
  const blobs = (await Array.fromAsync(control.blobs.list())).map(({ digest }) => digest);
  return createHash('sha256')
    .update(JSON.stringify([records, blobs, control.publisher.publishes]))
    .digest('hex');
}
