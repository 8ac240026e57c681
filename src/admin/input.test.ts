import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startAdminUnderTest } from '../../test/support/admin-under-test.ts';
import { fileLifetime } from '../../test/support/node-under-test.ts';
import { rawRequest } from '../../test/support/raw-admin.ts';

const lifetime = fileLifetime();
const shared = startAdminUnderTest(lifetime);
const deploy = { method: 'POST', path: '/v1/projects/shop/functions/cart/deployments' };

const bodies: readonly (readonly [name: string, body: string | Uint8Array, code: string, status: number])[] = [
  ['nothing', '', 'bad_json', 400],
  ['half of it', '{"artifact":"sha', 'bad_json', 400],
  ['two values', '{} {}', 'bad_json', 400],
  ['a comment', '{/**/}', 'bad_json', 400],
  ['a comma too many', '{"artifact":"x",}', 'bad_json', 400],
  ['NaN', '{"percent":NaN}', 'bad_json', 400],
  ['a byte order mark', '\ufeff{}', 'bad_json', 400],
  ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'bad_json', 400],
  ['UTF-16', Buffer.from('{"artifact":"x"}', 'utf16le'), 'bad_json', 400],
  ['a key twice', '{"percent":1,"percent":100}', 'bad_json', 400],
  ['a key twice, spelt differently', String.raw`{"percent":1,"p\u0065rcent":100}`, 'bad_json', 400],
  ['a prototype', '{"__proto__":{"force":true}}', 'bad_json', 400],
  ['a prototype in disguise', String.raw`{"\u005f_proto__":{"force":true}}`, 'bad_json', 400],
  ['a prototype within', '{"settings":{"vars":{"__proto__":"x"}}}', 'bad_json', 400],
  ['deep arrays', '['.repeat(100_000) + ']'.repeat(100_000), 'bad_json', 400],
  ['deep objects', `${'{"a":'.repeat(17)}1${'}'.repeat(17)}`, 'bad_json', 400],
  ['more than a MiB', `"${'a'.repeat(2 ** 20)}"`, 'body_too_large', 413],
  ['a MiB of text', `"${'a'.repeat(2 ** 20 - 2)}"`, 'bad_input', 400],
  ['a MiB of escapes', `"${String.raw`\n`.repeat(2 ** 19 - 1)}"`, 'bad_input', 400],
  ['many keys', `{${Array.from({ length: 50_000 }, (_, index) => `"k${index}":1`).join(',')}}`, 'bad_input', 400],
  ['null', 'null', 'bad_input', 400],
  ['an array', '[]', 'bad_input', 400],
  ['a number', '1e999', 'bad_input', 400],
  ['a text', '"x"', 'bad_input', 400],
];

for (const [name, body, code, status] of bodies) {
  test(`a JSON body of ${name} is refused`, async () => {
    const admin = await shared;
    const answer = await rawRequest(admin, { ...deploy, body });
    assert.deepEqual([answer.status, answer.code], [status, code], answer.text.slice(0, 500));
    assert.ok(answer.text.length < 10_000, 'and shortly');
    assert.equal((await admin.client().getFunction('shop', 'cart')).versions.length, 1);
  });
}

for (const type of [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'application/json; charset=latin1',
  'application/jsonx',
  '',
]) {
  test(`a body of type ${type === '' ? 'nothing' : type} is refused, also where it is JSON`, async () => {
    const answer = await rawRequest(await shared, { ...deploy, body: '{}', headers: { 'content-type': type } });
    assert.deepEqual([answer.status, answer.code], [415, 'unsupported_media_type']);
  });
}

test('a compressed body is refused, as it could be a bomb', async () => {
  const answer = await rawRequest(await shared, { ...deploy, body: '{}', headers: { 'content-encoding': 'gzip' } });
  assert.equal(answer.code, 'unsupported_media_type');
});

test('all mistakes are told at once, each with its place and without what was sent', async () => {
  const admin = await shared;
  const body = JSON.stringify({
    artifact: 'sha256:hunter2',
    settings: {
      limits: { cpuMs: 0, memoryBytes: '64MiB', speed: 1 },
      vars: { 'a/b~c': 'hunter2', ok: 1 },
      secrets: ['bad name'],
    },
    routes: [{ path: '/x', hots: 'y' }],
    percent: 101,
    stickyBy: { header: 'a b' },
    wieghts: [],
  });
  const path = `/v1/projects/shop/functions/Cart/deployments?x=1`;
  const answer = await rawRequest(admin, { method: 'POST', path, body });
  assert.equal(answer.code, 'bad_input');
  assert.doesNotMatch(answer.text, /hunter2/);
  const { errors } = JSON.parse(answer.text) as { errors: { pointer?: string; parameter?: string; detail: string }[] };
  assert.deepEqual(errors.map(({ pointer, parameter }) => pointer ?? parameter ?? '').toSorted(), [
    '#/artifact',
    '#/percent',
    '#/routes/0/hots',
    '#/settings/limits/cpuMs',
    '#/settings/limits/memoryBytes',
    '#/settings/limits/speed',
    '#/settings/secrets/0',
    '#/settings/vars/a~1b~0c',
    '#/settings/vars/ok',
    '#/stickyBy/header',
    '#/wieghts',
    'function',
    'x',
  ]);
  for (const { detail } of errors) assert.match(detail, / (?:is|are) wanted$|none of the forms/, detail);
});

const queries: readonly (readonly [query: string, parameter: string])[] = [
  ['limit=0', 'limit'],
  ['limit=501', 'limit'],
  ['limit=1e3', 'limit'],
  ['limit=-1', 'limit'],
  ['limit=', 'limit'],
  ['after=', 'after'],
  [`after=${'a'.repeat(600)}`, 'after'],
  ['limits=1', 'limits'],
];
for (const [query, parameter] of queries) {
  test(`the query ${query.slice(0, 20)} is refused by name`, async () => {
    const answer = await rawRequest(await shared, { path: `/v1/projects?${query}` });
    assert.equal(answer.code, 'bad_input');
    const { errors } = JSON.parse(answer.text) as { errors: { parameter?: string }[] };
    assert.deepEqual(
      errors.map((one) => one.parameter),
      [parameter],
    );
  });
}

for (const tag of ['12', 'W/"12"', '"x"', '"0"', '"1", "2"', '"99999999999999999999"']) {
  test(`an If-Match of ${tag} is refused: it is no ETag of this API`, async () => {
    const admin = await shared;
    const path = '/v1/projects/shop/functions/cart';
    const answer = await rawRequest(admin, { method: 'DELETE', path, headers: { 'if-match': tag } });
    assert.deepEqual([answer.status, answer.code], [400, 'bad_input']);
  });
}

test('an If-Match where it would not be looked at is refused: who sends one relies on it', async () => {
  const admin = await shared;
  const path = '/v1/projects/shop/secrets/KEY';
  const answer = await rawRequest(admin, { method: 'DELETE', path, headers: { 'if-match': '"1"' } });
  assert.deepEqual([answer.status, answer.code], [400, 'bad_input']);
  assert.equal((await admin.client().getSecret('shop', 'KEY')).name, 'KEY');
});

test('tokens that have expired before they are made are refused', async () => {
  const body = JSON.stringify({ name: 'x', project: 'shop', scopes: ['read'], expiresAt: '2020-01-01T00:00:00Z' });
  const answer = await rawRequest(await shared, { method: 'POST', path: '/v1/tokens', body });
  assert.match(answer.text, /"pointer":"#\/expiresAt"/);
});

test('lists come in parts, and each part says how the next is asked for', async () => {
  const admin = await shared;
  const first = await rawRequest(admin, { path: '/v1/projects?limit=1' });
  const { items, next } = JSON.parse(first.text) as { items: { id: string }[]; next: string };
  assert.deepEqual(
    items.map(({ id }) => id),
    ['bank'],
  );
  assert.equal(first.headers['link'], `</v1/projects?limit=1&after=${next}>; rel="next"`);
  const second = await rawRequest(admin, { path: `/v1/projects?limit=1&after=${next}` });
  assert.match(String(second.headers['link']), /after=default/);
  assert.match(second.text, /"default"/);
  const last = await rawRequest(admin, { path: `/v1/projects?limit=1&after=default` });
  assert.doesNotMatch(last.text, /"next"/);
  assert.equal(last.headers['link'], undefined);
});
