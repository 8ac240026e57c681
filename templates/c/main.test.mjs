// `mayfly test` runs this: Node's own test runner, with the function behind `request`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logs, request } from 'mayfly/test';

test('greets by the name in the path', async () => {
  const response = await request('/Ada');
  assert.equal(response.status, 200);
  assert.equal(await response.text(), 'Hello, Ada!\n');
});

test('sends a body back', async () => {
  const response = await request('/', { method: 'POST', body: 'ping' });
  assert.equal(await response.text(), 'ping');
});

test('refuses other methods', async () => {
  const response = await request('/', { method: 'DELETE' });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('allow'), 'GET, HEAD, POST');
});

test('logs each request', async () => {
  await request('/Ada');
  assert.deepEqual(await logs(), ['GET /Ada']);
});
