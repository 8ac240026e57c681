import { createHash } from 'node:crypto';
import { type Clock, type Digest, digestOf, type ProjectId, type RandomSource } from '../../src/base/mod.ts';
import {
  type Actor,
  ControlPlane,
  type ControlPolicy,
  type ControlTools,
  type Deployed,
  type DeployRequest,
  type ImageMaker,
  type Publisher,
  Scope,
  type ServedVersion,
  type ServingState,
  type TokenId,
} from '../../src/control/mod.ts';
import type { Blobs, Records } from '../../src/storage/mod.ts';
import { MemoryBlobs, MemoryRecords } from '../../src/storage/memory/mod.ts';

/** A clock that a test sets. */
export class TestClock implements Clock {
  nowMs = 1_800_000_000_000;

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.nowMs;
  }
}

/** The same bytes in every run. */
export function testRandom(seed = 'seed'): RandomSource {
  let count = 0;
  return {
    fill: (target) => {
      for (let offset = 0; offset < target.byteLength; offset += 32) {
        const block = createHash('sha256').update(`${seed} ${count++}`).digest();
        target.set(block.subarray(0, target.byteLength - offset), offset);
      }
    },
  };
}

/** Takes what is published, and refuses what a test wants it to. */
export class TestPublisher implements Publisher {
  state: ServingState = { generation: 0, functions: [], workers: new Map() };
  /** Versions that are loaded beside what is served. */
  readonly warmed: Set<ServedVersion> = new Set();
  publishes = 0;
  onWarm: (versions: readonly ServedVersion[]) => Promise<void> = async () => {};
  onPublish: (state: ServingState) => Promise<void> = async () => {};

  async warm(versions: readonly ServedVersion[]): Promise<() => void> {
    await this.onWarm(versions);
    for (const version of versions) this.warmed.add(version);
    return () => {
      for (const version of versions) this.warmed.delete(version);
    };
  }

  async publish(state: ServingState): Promise<void> {
    await this.onPublish(state);
    this.publishes++;
    this.state = state;
  }

  /** `version:percent` of what is served of a function, and its routes. */
  served(project: string, name: string): { readonly weights: string; readonly routes: readonly string[] } | undefined {
    const found = this.state.functions.find((one) => one.project === project && one.name === name);
    if (found === undefined) return undefined;
    return {
      weights: found.versions.map(({ served, percent }) => `${served.version}:${percent}`).join(' '),
      routes: found.routes.map(({ host, path }) => `${host ?? ''}${path}`),
    };
  }
}

/** Nothing is built: an artifact's image has the digest of its name. */
export const testImages: ImageMaker = {
  prepare: async (artifact) => ({
    image: digestOf(Buffer.from(`image of ${artifact}`)),
    kind: 'wasi-command',
  }),
  keepOnly: async () => {},
};

export const operator: Actor = { id: 'operator' as TokenId, project: '*', scopes: [Scope.admin] };

/** Somebody who may deploy in one project. */
export function developer(project: string): Actor {
  return { id: `dev-${project}` as TokenId, project: project as ProjectId, scopes: [Scope.deploy] };
}

/** A control plane, and all around it. */
export interface ControlUnderTest {
  readonly plane: ControlPlane;
  readonly records: Records;
  readonly blobs: Blobs;
  readonly clock: TestClock;
  readonly publisher: TestPublisher;
  readonly logged: object[];
  /** Uploads `text` to a project. */
  readonly upload: (project: string, text: string) => Promise<Digest>;
  /** Uploads `text` and deploys it. */
  readonly deploy: (
    project: string,
    name: string,
    text: string,
    more?: Partial<DeployRequest>,
    actor?: Actor,
  ) => Promise<Deployed>;
  /** Another control plane over the same records: as after a restart. */
  readonly reopen: () => Promise<ControlUnderTest>;
}

const testPolicy: ControlPolicy = {
  artifactBytesMax: 1_000_000,
  anyHostProject: 'default' as ProjectId,
  previewDomain: 'preview.localhost',
  ownWorkersMax: 4,
};

/** What a test may have to itself. */
export type GivenTools = Partial<Omit<ControlTools, 'publisher' | 'clock'>>;

/** Opens a control plane over `given`, and over memory for what is not. */
export async function openControl(
  given: GivenTools = {},
  policy: ControlPolicy = testPolicy,
  clock: TestClock = new TestClock(),
): Promise<ControlUnderTest> {
  const publisher = new TestPublisher();
  const logged: object[] = [];
  const note = (fields: object, text: string): void => void logged.push({ ...fields, text });
  const tools = {
    records: new MemoryRecords(),
    blobs: new MemoryBlobs(clock),
    images: testImages,
    nodeKey: new Uint8Array(32).fill(7),
    random: testRandom(),
    log: { info: note, warn: note, error: note },
    onVersionsDropped: () => {},
    ...given,
  };
  const plane = await ControlPlane.open({ ...tools, publisher, clock }, policy);
  await plane.publish();
  const upload = async (project: string, text: string): Promise<Digest> => {
    const bytes = Buffer.from(text);
    const digest = digestOf(bytes);
    await plane.artifacts.put(project, digest, oneChunk(bytes), operator);
    return digest;
  };
  return {
    plane,
    records: tools.records,
    blobs: tools.blobs,
    clock,
    publisher,
    logged,
    upload,
    deploy: async (project, name, text, more = {}, actor = operator) =>
      plane.functions.deploy(project, name, { artifact: await upload(project, text), settings: {}, ...more }, actor),
    reopen: () => openControl(tools, policy, clock),
  };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
