/**
 * The engine: makes images of artifacts, and serves calls with slots that are rewound to their image after each.
 *
 *     artifact ── buildImage ──► image ── engine.load ──► function ── call ──► slot ──► guest
 *                 (builder)      (file)                     │  ▲        take one, bind, enter
 *                                                           │  └─────── rewind, give back
 *                                                           └ slots, and calls that wait for one
 *
 * - image     a rewritten module and the memory it starts with (image.ts; made by build.ts)
 * - slot      one live instance with its memory; serves one call at a time, one function for life (slot.ts)
 * - rewind    brings a slot back to its image, byte for byte (wasm/rewrite/rewind.ts)
 * - scheduler shares the thread between guests, in slices, and looks after deadlines (scheduler.ts)
 * - measures  what calls took and how they ended, by function and by project (call-measures.ts)
 * - resources what all functions draw on, and each project's share of it (resources.ts, shares.ts)
 * - host      what a slot's guest calls, bound to one request after another (guest-host.ts, cgi-host.ts)
 */
export { benchFunction } from './bench-function.ts';
export { buildImage } from './build.ts';
export { CallMeasures, type Outcome } from './call-measures.ts';
export { createEngine } from './engine.ts';
export { imageFormat } from './image.ts';
export { type HistogramBucket, type LogHistogram } from './log-histogram.ts';
export { inspectArtifact, kindOfArtifact } from './inspect.ts';
export { runCommand } from './run-command.ts';
export { send, type SimpleRequest, type SimpleResponse } from './send.ts';
export type {
  BenchOptions,
  BenchReport,
  InspectedExport,
  InspectedImport,
  InspectedLimits,
  InspectedPass,
  InspectedProducer,
  Inspection,
  LatencySummary,
  MountedFolder,
  RunOptions,
} from './tooling-types.ts';
export { ArtifactKind } from './tooling-types.ts';
export type {
  BuiltImage,
  Call,
  CallTiming,
  Engine,
  EngineOptions,
  FunctionSpec,
  GuestRequest,
  HeaderPairs,
  ImageSettings,
  LoadedFunction,
  ResponseSink,
} from './types.ts';
