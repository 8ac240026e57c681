import type { Clock, RandomSource } from '../base/mod.ts';
import type { Blobs, Records } from '../storage/mod.ts';
import { RecordedAuditLog } from './audit-log.ts';
import type { ControlLog, ControlPolicy, ImageMaker, Publisher } from './ports.ts';
import { RouteClaims } from './route-claims.ts';
import { Sealer } from './sealer.ts';
import { Serving } from './serving.ts';
import { SnapshotSigner } from './snapshot-signature.ts';
import { Tables } from './tables.ts';
import { Turns } from './turns.ts';

/** What a control plane needs. */
export interface ControlTools {
  readonly records: Records;
  readonly blobs: Blobs;
  readonly images: ImageMaker;
  readonly publisher: Publisher;
  /** 32 random bytes that are kept elsewhere than the records: secrets are sealed and snapshots signed under it. */
  readonly nodeKey: Uint8Array;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: ControlLog;
  /** Told when versions are gone: `sweep` may find something to remove. */
  readonly onVersionsDropped: () => void;
}

/** What all parts of a control plane work with. */
export interface ControlContext {
  readonly tools: ControlTools;
  readonly policy: ControlPolicy;
  readonly tables: Tables;
  readonly sealer: Sealer;
  readonly serving: Serving;
  readonly claims: RouteClaims;
  readonly audit: RecordedAuditLog;
  /** What is done to the functions, secrets and tokens of a project is done one after the other, by the project's id. */
  readonly turns: Turns;
  readonly signer: SnapshotSigner;
}

/** @param generation above every one that there was before a restart */
export function makeContext(tools: ControlTools, policy: ControlPolicy, generation: number): ControlContext {
  const tables = new Tables(tools.records);
  const turns = new Turns();
  const sealer = new Sealer(tools.nodeKey, tools.random);
  const signer = new SnapshotSigner(tools.nodeKey);
  const { images, publisher } = tools;
  return {
    tools,
    policy,
    tables,
    sealer,
    signer,
    serving: new Serving({ tables, images, publisher, sealer, signer }, generation),
    claims: new RouteClaims(tables.hosts, turns, policy),
    audit: new RecordedAuditLog(tables, tools.clock, tools.log),
    turns,
  };
}
