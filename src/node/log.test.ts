import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prettyLine } from './log.ts';

test('prettyLine writes a line for a person', () => {
  const json = JSON.stringify({
    level: 40,
    time: '2026-01-02T03:04:05.678Z',
    worker: 1,
    code: 'cpu_limit',
    why: 'a b',
    msg: 'ended',
  });
  assert.equal(prettyLine(json), '03:04:05 warn  ended  worker=1  code=cpu_limit  why="a b"\n');
});

test('prettyLine writes what a terminal would act on as text', () => {
  const json = JSON.stringify({ level: 30, time: '2026-01-02T03:04:05.678Z', msg: '\u001b[2J\rworker is down\u009b' });
  assert.equal(prettyLine(json), '03:04:05 info  \\u{1b}[2J\\u{d}worker is down\\u{9b}\n');
});
