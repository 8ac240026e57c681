/** Projects that do not trust each other on one node: what a token of one reaches, by the API and by the commands. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { AdminClient, AdminProblem } from '../../src/admin/mod.ts';
import { fileLifetime, guest, temporaryFolder, until } from '../support/node-under-test.ts';
import { startPlatform } from '../support/platform-under-test.ts';

const lifetime = fileLifetime();
const folder = temporaryFolder(lifetime);
const shared = startPlatform(lifetime, undefined, ['--workers', '1']);

/** A function's folder, with the guest of that name as its artifact. */
function functionOf(guestName: string, name: string, more: string): string {
  const own = path.join(folder, name);
  mkdirSync(own, { recursive: true });
  copyFileSync(guest(guestName), path.join(own, 'main.wasm'));
  writeFileSync(path.join(own, 'mayfly.toml'), `name = "${name}"\nmain = "main.wasm"\n${more}`);
  return own;
}

test('one project’s token deploys there and nowhere else, and its log and its secrets are its own', async () => {
  const node = await shared;
  const value = path.join(folder, 'value');
  writeFileSync(value, 'hunter2');
  await node.json(['secrets', 'set', 'API_KEY', '--from-file', value]);
  await node.json(['deploy', functionOf('env', 'env', 'secrets = ["API_KEY"]\n[[routes]]\npath = "/env"\n')]);
  assert.match((await node.ask('/env')).text, /^API_KEY=hunter2$/m);

  await node.json(['projects', 'create', 'shop']);
  const { token } = (await node.json(['tokens', 'create', 'ci', '--scope', 'deploy', '--project', 'shop'])) as {
    token: string;
  };
  const tokenFile = path.join(folder, 'shop.token');
  writeFileSync(tokenFile, token);
  const routes = '[[routes]]\nhost = "shop.example"\npath = "/*"\n';
  await node.json(['deploy', functionOf('stderr', 'noisy', routes), '--token-file', tokenFile]);
  assert.equal((await node.ask('/', 'shop.example')).status, 200);

  const wanting = await node.mayfly([
    'deploy',
    functionOf('env', 'thief', `secrets = ["API_KEY"]\n${routes}`),
    '--token-file',
    tokenFile,
  ]);
  assert.match(wanting.stderr, /\[secret_missing\]/);
  const shop = new AdminClient({ url: node.admin, token });
  const isNotFound = (error: unknown): boolean => error instanceof AdminProblem && error.status === 404;
  await assert.rejects(shop.getFunction('default', 'env'), isNotFound);
  await assert.rejects(shop.getLogs('default', 'env'), isNotFound);
  await assert.rejects(shop.putSecret('default', 'API_KEY', 'x'), isNotFound);
  await until(async () => (await shop.getLogs('shop', 'noisy')).length >= 3, 'the log of noisy');
  assert.deepEqual(
    (await shop.getLogs('shop', 'noisy')).slice(0, 2).map(({ text }) => text),
    ['first', 'second'],
  );
});
