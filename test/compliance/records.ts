import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { isMayflyError } from '../../src/base/mod.ts';
import {
  type Change,
  type JsonValue,
  recordBytesMax,
  type Records,
  type Revision,
  type Watch,
  type WatchBounds,
} from '../../src/storage/mod.ts';

/** Makes an empty store, which is closed after the test. */
export type OpenRecords = (t: TestContext, bounds?: WatchBounds) => Promise<Records>;

/** Small ones, that are soon reached. */
const bounds: WatchBounds = { tombstonesMax: 20, queueMax: 30 };
const { tombstonesMax, queueMax } = bounds;

const code = (wanted: string) => (error: unknown) => isMayflyError(error) && error.code === wanted;

/** Takes `count` changes off a watch. */
async function take(watch: Watch, count: number): Promise<Change[]> {
  const taken: Change[] = [];
  if (count === 0) return taken;
  for await (const change of watch) {
    taken.push(change);
    if (taken.length === count) break;
  }
  return taken;
}

/** `+key=value` or `-key`, for each change. */
function told(changes: readonly Change[]): string[] {
  return changes.map((one) => (one.kind === 'put' ? `+${one.key}=${JSON.stringify(one.value)}` : `-${one.key}`));
}

/** What every backend of Records promises. */
export function recordsCompliance(name: string, open: OpenRecords): void {
  test(`${name}: a record is read as it was written, and nobody shares it`, async (t) => {
    const records = await open(t);
    const value = { text: 'ä€😀\u0000"', list: [1, null, { deep: [true] }], empty: {}, number: 1.5e300 };
    await records.put('a/b', value, 'absent');
    value.list.push(2);
    const first = await records.get('a/b');
    assert.deepEqual(first?.value, { ...value, list: value.list.slice(0, 3) });
    Object.assign(first?.value ?? {}, { list: [] });
    assert.deepEqual((await records.get('a/b'))?.value, { ...value, list: value.list.slice(0, 3) });
    assert.equal(await records.get('a'), undefined);
    assert.equal(await records.get('a/b/c'), undefined);
  });

  test(`${name}: keys of objects that mean something to JavaScript are only keys`, async (t) => {
    const records = await open(t);
    const value = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toString":2}') as JsonValue;
    await records.put('a', value, 'any');
    const found = (await records.get('a'))?.value as Record<string, JsonValue>;
    assert.deepEqual(Object.keys(found).toSorted(), ['__proto__', 'constructor', 'toString']);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    assert.equal(Object.getPrototypeOf(found), Object.prototype);
  });

  test(`${name}: a write happens only when what is expected is there`, async (t) => {
    const records = await open(t);
    const first = await records.put('k', 1, 'absent');
    await assert.rejects(records.put('k', 2, 'absent'), code('record_conflict'));
    const second = await records.put('k', 2, first);
    await assert.rejects(records.put('k', 3, first), code('record_conflict'));
    await assert.rejects(records.put('other', 3, second), code('record_conflict'));
    await assert.rejects(records.delete('k', first), code('record_conflict'));
    assert.deepEqual(await records.get('k'), { key: 'k', value: 2, revision: second });
    await records.put('k', 4, 'any');
    const third = (await records.get('k'))?.revision ?? (0 as Revision);
    await records.delete('k', third);
    assert.equal(await records.get('k'), undefined);
    await assert.rejects(records.delete('k', third), code('record_conflict'));
    await assert.rejects(records.put('k', 5, third), code('record_conflict'));
    await records.delete('k', 'any');
    const again = await records.put('k', 6, 'absent');
    assert.ok(again > third + 1, 'a deletion is a write too');
  });

  test(`${name}: of writers that race on one revision exactly one wins, and no increment is lost`, async (t) => {
    const records = await open(t);
    await records.put('count', 0, 'absent');
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, async (_, writer) => records.put('count', writer, 1 as Revision)),
    );
    assert.equal(results.filter((one) => one.status === 'fulfilled').length, 1);
    await records.put('count', 0, 'any');
    const increment = async (): Promise<void> => {
      for (;;) {
        const found = await records.get('count');
        try {
          await records.put('count', Number(found?.value) + 1, found?.revision ?? 'absent');
          return;
        } catch (error) {
          assert.ok(code('record_conflict')(error));
        }
      }
    };
    await Promise.all(Array.from({ length: 50 }, increment));
    assert.equal((await records.get('count'))?.value, 50);
    const created = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, writer) => records.put('new', writer, 'absent')),
    );
    assert.equal(created.filter((one) => one.status === 'fulfilled').length, 1);
  });

  test(`${name}: revisions count all writes, and latest tells the last one`, async (t) => {
    const records = await open(t);
    assert.equal(await records.latest(), 0);
    assert.equal(await records.put('a', 1, 'any'), 1);
    assert.equal(await records.put('b', 1, 'any'), 2);
    assert.equal(await records.put('a', 1, 'any'), 3);
    await records.delete('a', 'any');
    assert.equal(await records.latest(), 4);
    assert.equal(await records.put('a', 1, 'absent'), 5);
    await assert.rejects(records.put('a', 2, 'absent'));
    assert.equal(await records.latest(), 5);
  });

  test(`${name}: list gives what begins with the prefix, by key, in parts`, async (t) => {
    const records = await open(t);
    const keys = ['a/1', 'a/10', 'a/2', 'a/B', 'a/b', 'a/_any', 'a.b', 'ab/1', 'b', 'a/2/x', 'a/-'];
    for (const key of keys) await records.put(key, key, 'absent');
    await records.put('a/gone', 1, 'absent');
    await records.delete('a/gone', 'any');
    const below = keys.filter((key) => key.startsWith('a/')).toSorted();
    const listed = async (prefix: string, options = {}): Promise<string[]> =>
      (await records.list(prefix, options)).map((one) => one.key);
    assert.deepEqual(await listed('a/'), below);
    assert.deepEqual(await listed('a/', { order: 'descending' }), below.toReversed());
    assert.deepEqual(await listed(''), keys.toSorted());
    assert.deepEqual(await listed('nothing'), []);
    for (const order of ['ascending', 'descending'] as const) {
      const paged: string[] = [];
      for (let after: string | undefined; ;) {
        const page: string[] = await listed('a/', { limit: 3, order, ...(after === undefined ? {} : { after }) });
        paged.push(...page);
        after = page.at(-1);
        if (page.length < 3) break;
      }
      assert.deepEqual(paged, order === 'ascending' ? below : below.toReversed());
    }
    assert.deepEqual(await listed('a/', { limit: 0 }), []);
    assert.deepEqual(await listed('a/', { after: 'b' }), []);
    assert.deepEqual(await listed('a/', { after: 'a' }), below);
  });

  test(`${name}: large values are kept whole, and those that are too large are refused`, async (t) => {
    const records = await open(t);
    const large = 'x€'.repeat(Math.floor((recordBytesMax - 2) / 4));
    await records.put('large', large, 'absent');
    assert.equal((await records.get('large'))?.value, large);
    await assert.rejects(records.put('large', `${large}xxxx`, 'any'), code('record_too_large'));
    assert.equal((await records.get('large'))?.value, large);
  });

  const badKeys = ['', '/', 'a/', '/a', 'a//b', 'a b', 'a\u0000', 'ä', 'a*', '\u007F', "a'--", 'x'.repeat(513), 'a\n'];
  for (const key of badKeys) {
    test(`${name}: ${JSON.stringify(key.slice(0, 20))} is no key`, async (t) => {
      const records = await open(t);
      await assert.rejects(records.put(key, 1, 'any'), code('bad_record'));
      assert.deepEqual(await records.list(''), []);
    });
  }

  test(`${name}: what is no JSON is refused`, async (t) => {
    const records = await open(t);
    await assert.rejects(records.put('a', undefined as unknown as JsonValue, 'any'), code('bad_record'));
    await records.put('a', { gone: undefined, kept: 1 }, 'any');
    assert.deepEqual((await records.get('a'))?.value, { kept: 1 });
  });

  test(`${name}: a watch tells what is there, then every write, in order`, async (t) => {
    const records = await open(t);
    await records.put('w/1', 1, 'any');
    await records.put('w/2', 1, 'any');
    await records.put('w/1', 2, 'any');
    await records.put('w/gone', 1, 'any');
    await records.delete('w/gone', 'any');
    await records.put('elsewhere', 1, 'any');
    const watch = records.watch('w/');
    await records.put('w/3', 1, 'any');
    await records.put('w/3', 2, 'any');
    await records.put('x/3', 2, 'any');
    await records.delete('w/2', 'any');
    const changes = await take(watch, 5);
    assert.deepEqual(told(changes), ['+w/2=1', '+w/1=2', '+w/3=1', '+w/3=2', '-w/2']);
    const revisions = changes.map((one) => one.revision);
    assert.deepEqual(
      revisions,
      revisions.toSorted((a, b) => a - b),
    );
  });

  test(`${name}: a watch goes on after the revision it had come to, deletions too`, async (t) => {
    const records = await open(t);
    for (let count = 0; count < 5; count++) await records.put(`w/${count}`, count, 'any');
    const watch = records.watch('w/');
    const last = (await take(watch, 5)).at(-1)?.revision ?? (0 as Revision);
    await records.delete('w/0', 'any');
    await records.put('w/1', 'new', 'any');
    await records.put('w/1', 'newer', 'any');
    await records.put('w/5', 5, 'any');
    const resumed = records.watch('w/', { after: last });
    assert.deepEqual(told(await take(resumed, 3)), ['-w/0', '+w/1="newer"', '+w/5=5']);
  });

  test(`${name}: a watch waits for writes, and ends when it is closed or the store is`, async (t) => {
    const records = await open(t);
    const watch = records.watch('w/');
    const taking = take(watch, 1);
    await new Promise((resolve) => setImmediate(resolve));
    await records.put('w/1', 1, 'any');
    assert.deepEqual(told(await taking), ['+w/1=1']);
    const closed = records.watch('w/', { after: 1 as Revision });
    const none = take(closed, 1);
    closed.close();
    assert.deepEqual(await none, []);
    const ended = take(records.watch('', { after: 1 as Revision }), 1);
    await records.close();
    assert.deepEqual(await ended, []);
    await assert.rejects(records.get('w/1'), code('storage_closed'));
    await assert.rejects(records.put('w/1', 1, 'any'), code('storage_closed'));
    await records.close();
  });

  test(`${name}: a watcher that does not keep up is told that it has missed something`, async (t) => {
    const records = await open(t, bounds);
    const watch = records.watch('');
    const value = 1;
    for (let count = 0; count <= queueMax; count++) await records.put('k', value, 'any');
    await assert.rejects(take(watch, queueMax + 1), code('watch_expired'));
  });

  test(`${name}: deletions are remembered for a while, and it is told when they are not`, async (t) => {
    const records = await open(t, bounds);
    await records.put('first', 1, 'any');
    for (let count = 0; count <= tombstonesMax; count++) {
      await records.put('a', 1, 'any');
      await records.put(`gone/${count}`, 1, 'any');
      await records.delete(`gone/${count}`, 'any');
    }
    await assert.rejects(take(records.watch('', { after: 1 as Revision }), 1), code('watch_expired'));
    const resumed = records.watch('gone/', { after: 4 as Revision });
    assert.equal((await take(resumed, tombstonesMax)).length, tombstonesMax);
    assert.deepEqual(told(await take(records.watch('first'), 1)), ['+first=1']);
  });
}
