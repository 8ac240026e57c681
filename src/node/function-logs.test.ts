import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { type FunctionName, isMayflyError, type ProjectId } from '../base/mod.ts';
import type { FunctionLine, LogRecord } from './function-log.ts';
import { FunctionLogFollower } from './function-log-follower.ts';
import { FunctionLogs, logCursorAt } from './function-logs.ts';
import { logFileBytes, logFilesKept, logFollowerLines, logFollowersMax, logUnwrittenBytes } from './limits.ts';
import { createLog, LogStyle } from './log.ts';

const log = createLog(LogStyle.json, {});
log.level = 'silent';

function line(text: string, name = 'hello', project = 'shop'): FunctionLine {
  const owner = { project: project as ProjectId, function: name as FunctionName };
  return { ...owner, timeMs: 1_767_323_045_678, source: 'guest', level: 'info', text };
}

interface Made {
  readonly folder: string;
  readonly logs: FunctionLogs;
  readonly own: string;
  readonly pass: (ms: number) => void;
}

function make(t: TestContext): Made {
  const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-logs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  let now = 1_767_323_045_678;
  const logs = new FunctionLogs({ folder, log, clock: { monotonicMs: () => now, wallMs: () => now } });
  t.after(() => logs.close());
  return { folder, logs, own: path.join(folder, 'shop/hello'), pass: (ms) => void (now += ms) };
}

async function texts(records: AsyncIterable<LogRecord>): Promise<string[]> {
  return (await Array.fromAsync(records)).map(({ text }) => text);
}

function textOf(result: IteratorResult<LogRecord, void>): string | undefined {
  return result.done === true ? undefined : result.value.text;
}

/** What is kept. */
function kept(logs: FunctionLogs, project: string, name: string, since?: string): AsyncGenerator<LogRecord, void> {
  return logs.read(project, name, { since, follow: 'once', signal: new AbortController().signal });
}

/** What is kept, and then what comes. */
function live(
  logs: FunctionLogs,
  project: string,
  name: string,
  signal?: AbortSignal,
): AsyncGenerator<LogRecord, void> {
  return logs.read(project, name, { follow: 'follow', signal: signal ?? new AbortController().signal });
}

test('FunctionLogs keeps lines in order, and gives them to whoever reads later', async (t) => {
  const { folder, logs } = make(t);
  for (let index = 0; index < 50; index++) logs.append(line(`line ${index}`));
  const expected = Array.from({ length: 50 }, (_, index) => `line ${index}`);
  assert.deepEqual(await texts(kept(logs, 'shop', 'hello')), expected);
  await logs.close();
  const later = new FunctionLogs({ folder, log });
  assert.deepEqual(await texts(kept(later, 'shop', 'hello')), expected);
  await later.close();
});

test('FunctionLogs gives what comes behind an id, or a moment', async (t) => {
  const { logs, pass } = make(t);
  logs.append(line('a'));
  logs.append(line('b'));
  pass(1000);
  logs.append(line('c'));
  const [a] = await Array.fromAsync(kept(logs, 'shop', 'hello'));
  assert.deepEqual(await texts(kept(logs, 'shop', 'hello', a?.cursor)), ['b', 'c']);
  assert.deepEqual(await texts(kept(logs, 'shop', 'hello', logCursorAt(1_767_323_046_000))), ['c']);
});

test('FunctionLogs follows: what was kept first, then what comes, each once', async (t) => {
  const { logs } = make(t);
  logs.append(line('kept'));
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const { text } of logs.read('shop', 'hello', { follow: 'follow', signal: stop.signal })) {
      seen.push(text);
      if (text === 'kept') for (const next of ['live 1', 'live 2']) logs.append(line(next));
      if (text === 'live 2') stop.abort();
    }
  })();
  // While the reader is at the files.
  logs.append(line('between'));
  await following;
  assert.deepEqual(seen, ['kept', 'between', 'live 1', 'live 2']);
});

test('FunctionLogs shows nobody the lines of another project or function', async (t) => {
  const { logs } = make(t);
  const stop = new AbortController();
  const seen = texts(live(logs, 'shop', 'hello', stop.signal));
  for (const [project, name] of [
    ['other', 'hello'],
    ['shop', 'other'],
    ['shop-hello', 'x'],
  ] as const)
    logs.append(line(`${project} ${name}`, name, project));
  logs.append(line('mine'));
  stop.abort();
  assert.deepEqual(await seen, ['mine']);
  assert.deepEqual(await texts(kept(logs, 'shop', 'hello')), ['mine']);
});

for (const [project, name] of [
  ['..', 'hello'],
  ['shop', '..'],
  ['shop', '../../other/secret'],
  ['shop', ''],
  ['shop/hello', 'x'],
  ['shop', 'hello\0'],
] as const) {
  test(`FunctionLogs refuses to look for ${JSON.stringify([project, name])}`, async (t) => {
    const { logs } = make(t);
    const isRefused = (error: unknown): boolean => isMayflyError(error, 'bad_name');
    await assert.rejects(kept(logs, project, name).next(), isRefused);
    await assert.rejects(live(logs, project, name).next(), isRefused);
    await assert.rejects(logs.forget(project, name), isRefused);
  });
}

test('FunctionLogs takes from a worker only lines of functions that are deployed', async (t) => {
  const { logs } = make(t);
  const mine = line('mine');
  const batch = {
    lines: [mine, line('forged', 'hello', 'other'), { ...mine, function: '../x' }, null, 7],
    dropped: [
      { project: 'shop', function: 'hello', lines: 3 },
      { project: 'other', function: 'hello', lines: 3 },
      { project: 'shop', function: 'hello', lines: -1 },
    ],
  };
  const isDeployed = (project: string): boolean => project === 'shop';
  logs.take(batch, isDeployed);
  for (const nothing of [undefined, null, 'x', { lines: 'x', dropped: 7 }, []]) logs.take(nothing, isDeployed);
  const all = await texts(kept(logs, 'shop', 'hello'));
  assert.deepEqual(all.slice(0, 1), ['mine']);
  assert.match(all[1] ?? '', /^3 lines went missing here/);
  assert.equal(all.length, 2);
  assert.deepEqual(await texts(kept(logs, 'other', 'hello')), []);
});

test('FunctionLogs keeps so many files of so many bytes, and the newest lines', async (t) => {
  const { logs, own, pass } = make(t);
  const text = 'x'.repeat(8000);
  const lines = (logFileBytes * (logFilesKept + 4)) / text.length;
  for (let index = 0; index < lines; index++) {
    logs.append(line(`${index} ${text}`));
    pass(1);
    if (index % 40 === 0) await Array.fromAsync(kept(logs, 'shop', 'hello', logCursorAt(8e15)));
  }
  assert.deepEqual(await texts(kept(logs, 'shop', 'hello', logCursorAt(8e15))), []);
  const files = readdirSync(own);
  assert.equal(files.length, logFilesKept);
  for (const name of files) assert.ok(statSync(path.join(own, name)).size < 2 * logFileBytes);
  const all = await texts(kept(logs, 'shop', 'hello'));
  assert.equal(all.at(-1)?.split(' ')[0], String(Math.ceil(lines) - 1));
});

test('FunctionLogs goes on behind a line that a crash has cut', async (t) => {
  const { folder, logs, own } = make(t);
  logs.append(line('whole'));
  await logs.close();
  const [name = ''] = readdirSync(own);
  appendFileSync(path.join(own, name), '{"id":"zz","time":"2026');
  const later = new FunctionLogs({ folder, log });
  later.append(line('next'));
  assert.deepEqual(await texts(kept(later, 'shop', 'hello')), ['whole', 'next']);
  await later.close();
});

test('FunctionLogs lets nobody else read what functions say', async (t) => {
  if (process.platform === 'win32') return;
  const { logs, own } = make(t);
  logs.append(line('a'));
  await logs.close();
  assert.equal(statSync(own).mode & 0o077, 0);
  for (const name of readdirSync(own)) assert.equal(statSync(path.join(own, name)).mode & 0o077, 0);
});

test('FunctionLogs counts and tells what a disk did not take', async (t) => {
  const { logs } = make(t);
  const text = 'x'.repeat(8000);
  for (let bytes = 0; bytes < 2 * logUnwrittenBytes; bytes += text.length) logs.append(line(text));
  await Array.fromAsync(kept(logs, 'shop', 'hello'));
  const all = await texts(kept(logs, 'shop', 'hello'));
  assert.match(all.at(-1) ?? '', /^\d+ lines could not be kept/);
});

test('FunctionLogs goes on when there is no way to write', async (t) => {
  const { folder, logs } = make(t);
  writeFileSync(path.join(folder, 'shop'), 'a file where a folder is wanted');
  const records = live(logs, 'shop', 'hello');
  const first = records.next();
  logs.append(line('a'));
  assert.equal(textOf(await first), 'a');
  await records.return(undefined);
  assert.deepEqual(await texts(kept(logs, 'shop', 'hello')), []);
  assert.equal(readFileSync(path.join(folder, 'shop'), 'utf8'), 'a file where a folder is wanted');
  chmodSync(path.join(folder, 'shop'), 0o600);
});

test('FunctionLogFollower leaves out what a slow reader does not take, and says how much', async () => {
  const follower = new FunctionLogFollower();
  const name = 'hello' as FunctionName;
  for (let index = 0; index < logFollowerLines + 101; index++) {
    const text = String(index);
    follower.push({ function: name, cursor: text.padStart(6, '0'), at: 0, source: 'guest', level: 'info', text });
  }
  follower.end();
  const all: LogRecord[] = [];
  for (let next = await follower.next(); next !== undefined; next = await follower.next()) all.push(next);
  assert.equal(all.length, logFollowerLines + 1);
  assert.match(all[0]?.text ?? '', /^101 lines left out here/);
  assert.equal(all[0]?.cursor, '000100');
  assert.equal(all.at(-1)?.text, String(logFollowerLines + 100));
});

test('FunctionLogs has so many followers and no more', async (t) => {
  const { logs } = make(t);
  const stop = new AbortController();
  const followers = Array.from({ length: logFollowersMax }, () => live(logs, 'shop', 'hello', stop.signal));
  const waiting = followers.map((one) => one.next());
  await assert.rejects(live(logs, 'shop', 'hello').next(), (error) => isMayflyError(error, 'overloaded'));
  stop.abort();
  await Promise.all(waiting);
  const again = live(logs, 'shop', 'hello', stop.signal);
  assert.equal((await again.next()).done, true);
});

test('FunctionLogs forgets a function', async (t) => {
  const { logs, own } = make(t);
  logs.append(line('a'));
  logs.append(line('b', 'other'));
  const seen = texts(live(logs, 'shop', 'hello'));
  await logs.forget('shop', 'hello');
  assert.deepEqual(await seen, ['a']);
  assert.throws(() => readdirSync(own));
  assert.deepEqual(await texts(kept(logs, 'shop', 'hello')), []);
  assert.deepEqual(await texts(kept(logs, 'shop', 'other')), ['b']);
});
