import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMayflyError } from '../base/mod.ts';
import { parseEnv } from './env.ts';
import { formatAddress, localUrl, parseListen } from './listen.ts';

const accepted: readonly (readonly [text: string, host: string, port: number, url: string])[] = [
  ['127.0.0.1:8080', '127.0.0.1', 8080, 'http://127.0.0.1:8080'],
  ['8080', '127.0.0.1', 8080, 'http://127.0.0.1:8080'],
  ['0.0.0.0:0', '0.0.0.0', 0, 'http://127.0.0.1:0'],
  ['localhost:80', 'localhost', 80, 'http://localhost:80'],
  ['[::1]:8080', '::1', 8080, 'http://[::1]:8080'],
  ['[::]:8080', '::', 8080, 'http://[::1]:8080'],
];
for (const [text, host, port, url] of accepted) {
  test(`parseListen reads ${text}`, () => {
    const address = parseListen(text);
    assert.deepEqual(address, { host, port });
    assert.equal(localUrl(address), url);
    assert.deepEqual(parseListen(formatAddress(address)), address);
  });
}

for (const text of [
  '',
  'x',
  'host:',
  ':',
  ':80x',
  '127.0.0.1:65536',
  '::1:80',
  '[x]:80',
  '1.2.3.4:-1',
  'http://x:80',
]) {
  test(`parseListen refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseListen(text),
      (error) => isMayflyError(error, 'bad_usage'),
    );
  });
}

test('parseEnv reads pairs, the last of a name wins, and a value may hold anything', () => {
  assert.deepEqual(parseEnv(['A=1', 'B=', 'C=x=y', 'A=2']), { A: '2', B: '', C: 'x=y' });
});

for (const text of ['', 'A', '=x', '1A=x', 'A B=x', 'A=\0']) {
  test(`parseEnv refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseEnv([text]),
      (error) => isMayflyError(error, 'bad_usage'),
    );
  });
}
