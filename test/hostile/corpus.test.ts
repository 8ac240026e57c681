/** The part of the corpus that takes no load and little time. All of it, against a node under load: `npm run test:hostile`. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { functionName, projectId } from '../../src/base/mod.ts';
import { defaultLimits } from '../../src/config/mod.ts';
import { buildImage, createEngine, type Engine } from '../../src/engine/mod.ts';
import { Gateway, type GatewayFunction, ServerTiming } from '../../src/gateway/mod.ts';
import { decodeModule } from '../../src/wasm/mod.ts';
import { validSites } from './artifacts/indexes.ts';
import type { ClientAttack, GuestAttack } from './attack.ts';
import { clientAttacks } from './client-attacks.ts';
import { containArtifact } from './contain-artifact.ts';
import { containClient } from './contain-client.ts';
import { containGuest } from './contain-guest.ts';
import { artifactAttacks } from './corpus.ts';
import { functions } from './functions.ts';
import { guestAttacks } from './guest-attacks.ts';
import type { Verdict } from './verdict.ts';

/** Attacks that run at the same time. */
const lanes = 4;
/** Their guests end by the wall limit; on a busy machine no other guest is to do so. */
const waiting: ReadonlySet<string> = new Set(['catching', 'host', 'sleeper']);
const wallMsOf = { waiting: 3000, others: 60_000 } as const;

/** Runs `contain` for each of `attacks`, several at a time. */
async function verdictsOf<A>(attacks: readonly A[], contain: (attack: A) => Promise<Verdict[]>): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const left = attacks.values();
  const lane = async (): Promise<void> => {
    for (const attack of left) verdicts.push(...(await contain(attack)));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return verdicts;
}

function assertContained(verdicts: readonly Verdict[]): void {
  const problems = verdicts.flatMap(({ attack, problem }) => (problem === undefined ? [] : [`${attack}: ${problem}`]));
  assert.deepEqual(problems, []);
}

/** What is about numbers takes long, and what waits tells nothing that another one does not. */
function isShort(attack: GuestAttack): boolean {
  return attack.rounds === undefined && attack.targets.length === 1 && attack.function !== 'scan';
}

function isQuick({ connections, withinMs, rounds, steps }: ClientAttack): boolean {
  const waits = steps.some((step) => 'waitMs' in step || ('everyMs' in step && step.everyMs !== undefined));
  return connections === undefined && withinMs === undefined && rounds === undefined && !waits;
}

describe('artifacts', () => {
  for (const [attacks, group] of Map.groupBy(artifactAttacks, ({ attacks: what }) => what)) {
    const here = group.filter(({ where }) => where === 'anywhere');
    if (here.length === 0) continue;
    it(`${attacks}: ${here.length} are contained`, async () => {
      const verdicts: Verdict[] = [];
      for (const attack of here) verdicts.push(await containArtifact(attack));
      assertContained(verdicts);
    });
  }

  it('indexes: with a valid one each of the sites makes a module', () => {
    for (const { what, first, last } of validSites) {
      const isValid = [first, last].some((bytes) => WebAssembly.validate(Uint8Array.from(bytes)));
      assert.ok(isValid, what);
      decodeModule(first);
    }
  });
});

/** Loads the functions of these names, each on the paths below its own. */
async function loadAll(engine: Engine, names: ReadonlySet<string>): Promise<GatewayFunction[]> {
  const loaded: GatewayFunction[] = [];
  for (const [name, { bytes, limits: own }] of functions) {
    if (!names.has(name)) continue;
    const limits = { ...defaultLimits, ...own, wallMs: wallMsOf[waiting.has(name) ? 'waiting' : 'others'] };
    const image = await buildImage(bytes(), { memoryBytesMax: limits.memoryBytes });
    const spec = { project: projectId('hostile'), name: functionName(name), image: image.bytes, env: {}, limits };
    const routes = [{ path: `/${name}/*`, mountPath: `/${name}` }];
    loaded.push({ routes, versions: [{ loaded: await engine.load(spec), limits, percent: 100 }] });
  }
  return loaded;
}

describe('a data plane', () => {
  const guests = guestAttacks.filter(isShort);
  const clients = clientAttacks.filter(isQuick);
  const engine = createEngine();
  const failures: string[] = [];
  const gateway = new Gateway({ serverTiming: ServerTiming.hidden }, { failed: (_, { code }) => failures.push(code) });
  let port = 0;
  before(async () => {
    const forClients = ['host', 'stdin', 'loops', 'writer', 'sleeper', 'output'];
    gateway.publish(await loadAll(engine, new Set([...guests.map((guest) => guest.function), ...forClients])));
    ({ port } = await gateway.listen({ host: '127.0.0.1', port: 0 }));
  });
  after(async () => {
    await gateway.stop(0);
    await engine.close();
  });

  it(`${guests.length} guests are contained`, async () => {
    assertContained(await verdictsOf(guests, (attack) => containGuest({ ...attack, atOnce: 1 }, port)));
  });

  it(`${clients.length} clients are contained`, async () => {
    assertContained(await verdictsOf(clients, (attack) => containClient(attack, port)));
  });

  it('serves as before, and has had no failure of its own', async () => {
    assert.equal((await fetch(`http://127.0.0.1:${port}/host/`)).status, 200);
    assert.ok(!failures.includes('internal'));
  });
});
