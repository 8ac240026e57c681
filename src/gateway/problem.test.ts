import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MayflyError } from '../base/mod.ts';
import { problemOf, rawProblem } from './problem.ts';

test('problemOf has the members of RFC 9457, and a permanent code', () => {
  const { status, headers, body } = problemOf(new MayflyError('wall_limit', { limitMs: 77 }));
  assert.equal(status, 504);
  assert.deepEqual(JSON.parse(body), {
    type: 'about:blank',
    title: 'Gateway Timeout',
    status: 504,
    code: 'wall_limit',
    detail: 'The function took longer than it is allowed',
  });
  assert.equal(headers[headers.indexOf('Content-Length') + 1], String(body.length));
});

test('problemOf tells callers what they did wrong', () => {
  const { body } = problemOf(new MayflyError('request_too_large', { limitBytes: 10 }));
  assert.match(body, /at most 10 bytes are wanted/);
});

const inside: readonly MayflyError[] = [
  new MayflyError('guest_trap', { reason: 'SECRET' }),
  new MayflyError('bad_guest_response', { reason: 'SECRET' }),
  new MayflyError('artifact_unreadable', { path: '/SECRET', reason: 'SECRET' }),
  new MayflyError('image_corrupt', { reason: 'SECRET' }),
  new MayflyError('builder_failed', { reason: 'SECRET' }),
];
for (const error of inside) {
  test(`problemOf keeps what ${error.code} says inside`, () => {
    assert.doesNotMatch(problemOf(error).body, /SECRET/);
  });
}

test('problemOf tells whatever a request cannot end with as internal', () => {
  const { status, body } = problemOf(new MayflyError('data_dir_unusable', { path: 'x', reason: 'y' }));
  assert.equal(status, 500);
  assert.match(body, /"code":"internal"/);
});

test('rawProblem is a whole HTTP response that closes', () => {
  const text = rawProblem(new MayflyError('request_timeout', {})).toString();
  assert.match(
    text,
    /^HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: application\/problem\+json\r\n/,
  );
  const [head = '', body = ''] = text.split('\r\n\r\n');
  assert.match(head, new RegExp(`Content-Length: ${Buffer.byteLength(body)}$`, 'm'));
});
