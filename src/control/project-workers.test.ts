import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openControl, operator } from '../../test/support/control-under-test.ts';
import { isMayflyError, MayflyError, type ProjectId } from '../base/mod.ts';

test('Projects.setWorkers is published, kept, listed, audited, and ended with the project', async () => {
  const { plane, publisher, reopen } = await openControl();
  await plane.projects.create('shop', {}, operator);
  assert.equal((await plane.projects.get('shop')).workers, 0);
  assert.equal((await plane.projects.setWorkers('shop', 2, operator)).workers, 2);
  assert.deepEqual([...publisher.state.workers], [['shop', 2]]);
  assert.equal((await plane.projects.list()).items.find(({ id }) => id === 'shop')?.workers, 2);
  assert.equal((await plane.audit.list('shop')).items[0]?.action, 'project.workers');

  const again = await reopen();
  assert.deepEqual([...again.publisher.state.workers], [['shop', 2]]);
  await again.plane.projects.setWorkers('shop', 1, operator);
  await again.plane.projects.delete('shop', operator);
  await again.plane.publish();
  assert.deepEqual([...again.publisher.state.workers], []);
  assert.equal((await again.plane.projects.create('shop', {}, operator)).workers, 0);
});

test('Projects.setWorkers gives out no more than the node has, all projects together, and no part of a worker', async () => {
  const { plane } = await openControl();
  for (const id of ['shop', 'bank']) await plane.projects.create(id, {}, operator);
  // The node of these tests has four.
  await plane.projects.setWorkers('shop', 3, operator);
  for (const count of [2, 5, -1, 0.5, Number.NaN, Infinity]) {
    const isRefused = (error: unknown): boolean => isMayflyError(error, 'too_many_workers');
    await assert.rejects(plane.projects.setWorkers('bank', count, operator), isRefused, String(count));
  }
  const both = await Promise.allSettled([
    plane.projects.setWorkers('bank', 1, operator),
    plane.projects.setWorkers('default', 1, operator),
  ]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  await plane.projects.setWorkers('shop', 1, operator);
  await plane.projects.setWorkers('bank', 3, operator);
  const isUnknown = (error: unknown): boolean => isMayflyError(error, 'not_found');
  await assert.rejects(plane.projects.setWorkers('nobody', 1, operator), isUnknown);
});

test('Projects.setWorkers leaves all as it was when the workers cannot be had', async () => {
  const { plane, publisher } = await openControl();
  await plane.projects.setWorkers('default', 1, operator);
  publisher.onPublish = async ({ workers }) => {
    if (workers.get('default' as ProjectId) === 2) throw new MayflyError('worker_failed', { reason: 'test' });
  };
  const isFailed = (error: unknown): boolean => isMayflyError(error, 'worker_failed');
  await assert.rejects(plane.projects.setWorkers('default', 2, operator), isFailed);
  assert.equal((await plane.projects.get('default')).workers, 1);
  await plane.publish();
  assert.deepEqual([...publisher.state.workers], [['default', 1]]);
});

test('a record of a project from before there were such workers has none', async () => {
  const control = await openControl();
  await control.records.put('projects/old', { id: 'old', createdAt: 1, limits: {} }, 'absent');
  const { plane } = await control.reopen();
  assert.equal((await plane.projects.get('old')).workers, 0);
});
