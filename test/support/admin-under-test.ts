/** An admin API over a control plane in memory, with two projects that each have a function, a secret and a log. */
import { AdminClient, AdminServer } from '../../src/admin/mod.ts';
import type { AdminServerOptions } from '../../src/admin/mod.ts';
import type { FunctionName, ProjectId } from '../../src/base/mod.ts';
import type { LogLine, Scope } from '../../src/control/mod.ts';
import { openControl, operator } from './control-under-test.ts';
import type { ControlUnderTest } from './control-under-test.ts';
import type { Lifetime } from './node-under-test.ts';

export interface AdminUnderTest {
  readonly server: AdminServer;
  readonly port: number;
  readonly url: string;
  readonly control: ControlUnderTest;
  /** Of the whole node, with the scope admin. */
  readonly nodeToken: string;
  /** What the API told the operator. */
  readonly logged: { readonly fields: object; readonly text: string }[];
  /** Makes a token. @returns what authenticates */
  addToken(project: string, scopes: readonly Scope[], expiresAt?: number): Promise<string>;
  /** Adds a line to a function's log, for whoever reads it by now. */
  log(project: string, name: string, text: string): void;
  client(token?: string): AdminClient;
}

/** Starts it on a free port. It is stopped after the test. */
export async function startAdminUnderTest(
  lifetime: Lifetime,
  limits: NonNullable<AdminServerOptions['limits']> = {},
): Promise<AdminUnderTest> {
  const control = await openControl();
  const { plane, clock, records } = control;
  const logs = new FakeLogs();
  const logged: { fields: object; text: string }[] = [];
  for (const project of ['shop', 'bank']) {
    await plane.projects.create(project, {}, operator);
    await control.deploy(project, 'cart', 'cart 1', { routes: [{ host: `${project}.example`, path: '/cart/*' }] });
    await plane.secrets.put(project, 'KEY', `hidden-of-${project}`, operator);
    logs.add(project, 'cart', `a line of ${project}`);
  }
  const addToken: AdminUnderTest['addToken'] = async (project, scopes, expiresAt) => {
    const expiry = expiresAt === undefined ? {} : { expiresAt };
    const token = { name: 'test', project: project as ProjectId, scopes, ...expiry };
    return (await plane.tokens.create(token, operator)).text;
  };
  const nodeToken = await addToken('*', ['admin']);
  const note = (fields: object, text: string): void => void logged.push({ fields, text });
  const status = {
    read: () => ({
      version: '1.2.3',
      startedAt: 0,
      address: { host: '127.0.0.1', port: 8080 },
      generation: 1,
      workers: [{ index: 0, pid: 1, state: 'serving' as const }],
    }),
  };
  const server = new AdminServer(
    { control: plane, records, logs, status, clock, log: { info: note, error: note } },
    { listen: { host: '127.0.0.1', port: 0 }, limits },
  );
  const { port } = await server.listen();
  lifetime.after(() => server.stop(0));
  const url = `http://127.0.0.1:${port}`;
  return {
    server,
    port,
    url,
    control,
    nodeToken,
    logged,
    addToken,
    log: (project, name, text) => logs.add(project, name, text),
    client: (token = nodeToken) => new AdminClient({ url, token }),
  };
}

class FakeLogs {
  readonly #lines = new Map<string, LogLine[]>();
  readonly #waiting = new Set<() => void>();

  add(project: string, name: string, text: string): void {
    const key = `${project}/${name}`;
    const lines = this.#lines.get(key) ?? [];
    const line: LogLine = {
      at: Date.UTC(2026, 0, 1, 0, 0, lines.length),
      function: name as FunctionName,
      source: 'guest',
      level: 'info',
      text,
      cursor: String(lines.length),
    };
    this.#lines.set(key, [...lines, line]);
    for (const wake of this.#waiting) wake();
  }

  async *read(
    project: string,
    name: string,
    {
      since,
      follow,
      signal,
    }: { readonly since?: string; readonly follow: 'follow' | 'once'; readonly signal: AbortSignal },
  ): AsyncGenerator<LogLine, void> {
    let next = since === undefined ? 0 : Number(since) + 1;
    while (!signal.aborted) {
      const line = this.#lines.get(`${project}/${name}`)?.[next];
      if (line !== undefined) {
        next++;
        yield line;
        continue;
      }
      if (follow === 'once') return;
      await this.#more(signal);
    }
  }

  async #more(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    this.#waiting.delete(resolve);
  }
}
