import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { repositoryRoot, until } from './node-under-test.ts';

const dataDir = path.join(tmpdir(), 'mayfly-test-images');

/** What a busy machine may take to start a process or two. */
const patienceMs = 60_000;

/** A line of `dev --json`. */
export type DevLine = Readonly<Record<string, unknown>> & { readonly event: string };

/** `mayfly dev` in a process of its own. */
export interface DevUnderTest {
  readonly process: ChildProcess;
  readonly folder: string;
  readonly lines: readonly DevLine[];
  /** What the build command and the node have said. */
  stderr(): string;
  /** Waits for one more event of this kind than were taken before. */
  next(event: string): Promise<DevLine>;
  ask(pathname?: string): Promise<string>;
  write(name: string, text: string): void;
  /** @returns the exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `mayfly dev` in a folder. It is ended after the test. */
export function startDev(t: TestContext, folder: string): DevUnderTest {
  const args = [
    path.join(repositoryRoot, 'src/main.ts'),
    'dev',
    folder,
    '--json',
    '--listen',
    '127.0.0.1:0',
    '--data-dir',
    dataDir,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  });
  let [stdout, stderr] = ['', ''];
  const lines: DevLine[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const whole = (stdout + text).split('\n');
    stdout = whole.pop() ?? '';
    // What dev prints with --json.
    lines.push(...whole.map((line) => JSON.parse(line) as DevLine));
  });
  const taken = new Map<string, number>();
  const dev: DevUnderTest = {
    process: child,
    folder,
    lines,
    stderr: () => stderr,
    next: async (event) => {
      const index = taken.get(event) ?? 0;
      taken.set(event, index + 1);
      const found = (): DevLine | undefined => lines.filter((line) => line.event === event)[index];
      const what = (): string => `${event} ${index}; so far ${JSON.stringify(lines)} and ${stderr}`;
      await until(() => found() !== undefined || child.exitCode !== null, event, patienceMs).catch(() =>
        assert.fail(what()),
      );
      return found() ?? assert.fail(what());
    },
    ask: async (pathname = '/') => {
      const { url } = lines.findLast((line) => line.event === 'reloaded') ?? assert.fail('nothing is served');
      return (await fetch(`${String(url)}${pathname}`)).text();
    },
    write: (name, text) => writeFileSync(path.join(folder, name), text),
    stop: async (signal = 'SIGINT') => {
      child.kill(signal);
      await ended;
      return child.exitCode;
    },
  };
  return dev;
}
