/**
 * `import { logs, request } from 'mayfly/test'`: a function's own tests, in Node's own test runner.
 *
 *     import assert from 'node:assert/strict';
 *     import { test } from 'node:test';
 *     import { logs, request } from 'mayfly/test';
 *
 *     test('greets by the name in the path', async () => {
 *       const response = await request('/Ada');
 *       assert.equal(await response.text(), 'Hello, Ada!\n');
 *       assert.deepEqual(await logs(), ['GET /Ada']);
 *     });
 *
 * `mayfly test` builds the function and runs the test files below its folder. Each test file has a node of its own, started with its
 * first request.
 */
import { after } from 'node:test';
import type { Limits } from './config/mod.ts';
import { createLog, LogStyle, TestNode } from './node/mod.ts';

/** What a function is tested with, over what its manifest says. */
export interface TestFunctionOptions {
  /** The function's folder; that of `mayfly test` when absent, or else the current one. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Partial<Limits>;
}

/** A function behind its gateway. */
export interface TestFunction {
  /**
   * Sends a request, as `fetch` does, but for redirects: those are responses like any other. A path is asked for on any host; a whole
   * URL, or a Request with one, asks for its host.
   */
  readonly request: (resource: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** What the function has written to stderr since the last request began, by lines. */
  readonly logs: () => Promise<string[]>;
}

/** Names the folder that `mayfly test` was given. */
const folderVariable = 'MAYFLY_TEST_FOLDER';
/** Where images are kept. */
const dataDirVariable = 'MAYFLY_TEST_DATA_DIR';

const running = new Set<Promise<TestNode>>();
// What has been started ends with the tests of this file.
after(async () => {
  const nodes = await Promise.allSettled(running);
  running.clear();
  for (const node of nodes) if (node.status === 'fulfilled') await node.value.stop();
});

/** The function with settings of its own: other variables, tighter limits. */
export function testFunction(options: TestFunctionOptions = {}): TestFunction {
  let started: Promise<TestNode> | undefined;
  const node = (): Promise<TestNode> => {
    if (started !== undefined && running.has(started)) return started;
    started = startNode(options);
    running.add(started);
    return started;
  };
  return {
    request: async (resource, init) => {
      const to = await node();
      to.clearLogs();
      return to.send(resource, init);
    },
    logs: async () => (await node()).logs(),
  };
}

const plain = testFunction();

/** Sends a request to the function as its manifest has it. See TestFunction. */
export const request: TestFunction['request'] = plain.request;

/** What it has written to stderr since the last request began. See TestFunction. */
export const logs: TestFunction['logs'] = plain.logs;

function startNode({ folder, env, limits }: TestFunctionOptions): Promise<TestNode> {
  return TestNode.start({
    folder: folder ?? process.env[folderVariable] ?? '.',
    dataDir: process.env[dataDirVariable],
    log: createLog(LogStyle.json, {}),
    env: env ?? {},
    limits: limits ?? {},
  });
}
