import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import path from 'node:path';
import { AdminClient } from '../../src/admin/mod.ts';
import { digestOf } from '../../src/base/mod.ts';
import { guest, type NodeUnderTest, until } from '../support/node-under-test.ts';
import { type Changes, versionGuest } from './changes.ts';

/** Deploys versions to a node. */
export class DeployChanges implements Changes {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  async prepare(node: NodeUnderTest): Promise<void> {
    const client = this.#client(node);
    const { items } = await client.listFunctions('default');
    if (!items.some(({ name }) => name === 'env')) await this.#deploy(client, 'env', readFileSync(guest('env')));
    if (!items.some(({ name }) => name === 'version')) await this.#deploy(client, 'version', versionGuest(0));
  }

  async make(node: NodeUnderTest, version: number): Promise<void> {
    await this.#deploy(this.#client(node), 'version', versionGuest(version));
  }

  /** What the node tells has to fit together, and every version that there is has to answer. */
  async check(node: NodeUnderTest): Promise<string[]> {
    const client = this.#client(node);
    // A supervisor that has just been started answers later than it is there.
    await until(() => isThere(client), 'the admin API', 30_000);
    const problems: string[] = [];
    const { versions, deployment } = await client.getFunction('default', 'version');
    const { items } = await client.listVersions('default', 'version', { limit: 100 });
    const listed = items.map(({ version }) => version).toSorted((a, b) => a - b);
    if (listed.join() !== versions.join())
      problems.push(`versions are ${versions.join()}, and ${listed.join()} are there`);
    const sum = deployment.weights.reduce((total, { percent }) => total + percent, 0);
    if (sum !== 100) problems.push(`the weights add up to ${sum}`);
    const newest = items[0];
    const answer = newest?.previewUrl === undefined ? undefined : await preview(node, new URL(newest.previewUrl).host);
    if (answer !== undefined && !/^version \d+\n$/.test(answer)) problems.push(`the newest version answers ${answer}`);
    return problems;
  }

  #client(node: NodeUnderTest): AdminClient {
    const token = readFileSync(path.join(this.#dataDir, 'admin-token'), 'utf8').trim();
    return new AdminClient({ url: node.ready.admin ?? '', token });
  }

  async #deploy(client: AdminClient, name: string, artifact: Uint8Array): Promise<void> {
    const digest = digestOf(artifact);
    await client.putArtifact('default', digest, artifact);
    await client.deploy('default', name, { artifact: digest, settings: {} });
  }
}

async function isThere(client: AdminClient): Promise<boolean> {
  try {
    await client.getStatus();
    return true;
  } catch {
    return false;
  }
}

function preview(node: NodeUnderTest, host: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  get({ port: node.port, host: '127.0.0.1', path: '/', agent: false, headers: { Host: host } }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    response.on('end', () => resolve(text)).on('error', reject);
  }).on('error', reject);
  return promise;
}
