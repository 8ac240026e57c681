import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering } from '../../test/support/fake-function.ts';
import { functionName, isMayflyError, MayflyError, projectId, toWireError } from '../base/mod.ts';
import { defaultLimits } from '../config/mod.ts';
import type { Forwards } from './forwards.ts';
import { previewsMax } from './limits.ts';
import { PreviewVersions } from './preview-versions.ts';
import type { DeployedVersion } from './protocol.ts';
import { makeVersionShelf } from './version-shelf-under-test.ts';

function version(image: string): DeployedVersion {
  const digest = image as DeployedVersion['image'];
  return { project: projectId('p'), name: functionName('f'), image: digest, env: {}, limits: defaultLimits };
}

/** Others serve what they are told to. */
const forwards: Pick<Forwards, 'version'> = {
  version: async ({ project, name, limits }) => ({ loaded: { ...answering('forwarded'), project, name }, limits }),
};

/** Previews whose hosts are the names of their images. A supervisor answers each ask, unless it is told not to. */
function make(answer: (host: string, previews: PreviewVersions) => void): {
  previews: PreviewVersions;
  events: string[];
} {
  const events: string[] = [];
  const shelf = makeVersionShelf(events, answering);
  const previews: PreviewVersions = new PreviewVersions('preview.localhost', shelf, forwards, (host) => {
    events.push(`ask ${host}`);
    setImmediate(() => answer(host, previews));
  });
  return { previews, events };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const found = (host: string, previews: PreviewVersions): void => previews.tell(host, version(host));

test('PreviewVersions.find looks a version up once, and anew after something was published', async () => {
  const { previews, events } = make(found);
  const [first, second] = await Promise.all([previews.find('a'), previews.find('a')]);
  assert.equal(first.loaded, second.loaded);
  assert.equal((await previews.find('a')).loaded, first.loaded);
  assert.deepEqual(events, ['ask a', 'load a']);
  previews.clear();
  await settle();
  await previews.find('a');
  assert.deepEqual(events.slice(2), ['close a', 'ask a', 'load a']);
});

test('PreviewVersions.find says why there is none, and asks again the next time', async () => {
  let isThere = false;
  const { previews, events } = make((host, all) =>
    all.tell(host, isThere ? version(host) : toWireError(new MayflyError('no_route', {}))),
  );
  await assert.rejects(previews.find('a'), (error) => isMayflyError(error, 'no_route'));
  isThere = true;
  assert.ok(await previews.find('a'));
  assert.deepEqual(events, ['ask a', 'ask a', 'load a']);
});

test('PreviewVersions.find keeps few versions, and gives up the one that was asked for least recently', async () => {
  const { previews, events } = make(found);
  for (let count = 0; count < previewsMax; count++) await previews.find(`v${count}`);
  await previews.find('v0');
  await previews.find('more');
  await settle();
  assert.deepEqual(
    events.filter((event) => event.startsWith('close')),
    ['close v1'],
  );
});

test('PreviewVersions.find leaves nothing loaded when everything is given up while a version is looked up', async () => {
  const { previews, events } = make(() => {});
  const finding = previews.find('a');
  previews.clear();
  previews.tell('a', version('a'));
  await assert.rejects(finding, (error) => isMayflyError(error, 'overloaded'));
  await settle();
  assert.deepEqual(events, ['ask a', 'load a', 'close a']);
  // What nobody has asked for is nobody's.
  previews.tell('b', version('b'));
});
