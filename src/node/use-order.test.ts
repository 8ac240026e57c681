import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/node-under-test.ts';
import { functionName, projectId } from '../base/mod.ts';
import { useOrderMax } from './limits.ts';
import { createLog, LogStyle } from './log.ts';
import { UseOrder } from './use-order.ts';

const log = createLog(LogStyle.json, {});
log.level = 'silent';

const functions = ['a', 'b', 'c', 'd'].map((name) => ({ project: projectId('p'), name: functionName(name) }));

const orderOf = (order: UseOrder): string =>
  order
    .sorted(functions)
    .map(({ name }) => name)
    .join('');

test('UseOrder.sorted has those first that were used last, also after a restart', async (t) => {
  const file = path.join(temporaryFolder(t), 'last-used.json');
  const order = new UseOrder(file, log);
  await order.load();
  assert.equal(orderOf(order), 'abcd');
  order.note(['p/b', 'p/c']);
  order.note(['p/d', 'p/b', 'q/a']);
  assert.equal(orderOf(order), 'bdca');
  await order.save();
  const next = new UseOrder(file, log);
  await next.load();
  assert.equal(orderOf(next), 'bdca');
  // What was said by workers that were there before it was read is newer.
  const late = new UseOrder(file, log);
  late.note(['p/a']);
  await late.load();
  assert.equal(orderOf(late), 'abdc');
});

test('UseOrder.load makes do with a file that is damaged, and with none', async (t) => {
  const file = path.join(temporaryFolder(t), 'last-used.json');
  for (const text of ['', '{', '{"p/b":1}', 'null', '[1,null,{"a":2},[]]', `["${'x'.repeat(1000)}"]`, '\0']) {
    writeFileSync(file, text);
    const order = new UseOrder(file, log);
    await order.load();
    assert.equal(orderOf(order), 'abcd', text.slice(0, 20));
    await order.save();
    assert.equal(readFileSync(file, 'utf8'), text);
  }
});

test('UseOrder.note takes from a project’s own worker nothing about others, and from nobody more than it keeps', async (t) => {
  const file = path.join(temporaryFolder(t), 'last-used.json');
  const order = new UseOrder(file, log);
  order.note(['p/a', 'q/x', 'q/y', 'pp/a'], 'p');
  for (const said of [undefined, 'p/b', 7, { length: 1e9 }]) order.note(said);
  order.note(Array.from({ length: useOrderMax * 2 }, (_, index) => `z/f${index}`));
  order.note(['p/c']);
  await order.save();
  const saved = JSON.parse(readFileSync(file, 'utf8')) as string[]; // an array of strings is what is saved
  assert.equal(saved.length, useOrderMax);
  assert.equal(saved.at(-1), 'p/c');
  assert.ok(!saved.some((name) => name.startsWith('q/')));
});

test('UseOrder.save does not fail where nothing can be written', async () => {
  const order = new UseOrder('/nowhere/at/all/last-used.json', log);
  order.note(['p/a']);
  await order.save();
  assert.equal(orderOf(order), 'abcd');
});
