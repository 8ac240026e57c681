/**
 * Mayfly as a library: the engine, without processes and without HTTP, in a Node.js program of your own (Node 26 or newer).
 *
 *     import { readFile } from 'node:fs/promises';
 *     import { buildImage, createEngine, defaultLimits, functionName, projectId, send } from 'mayfly';
 *
 *     const { bytes } = await buildImage(await readFile('hello.wasm'), { memoryBytesMax: defaultLimits.memoryBytes });
 *     const engine = createEngine();
 *     const hello = await engine.load({
 *       project: projectId('shop'),
 *       name: functionName('hello'),
 *       image: bytes,
 *       env: { GREETING: 'Good morning' },
 *       limits: defaultLimits,
 *     });
 *     const { status, body, timing } = await send(hello, { url: '/world' });
 *     await engine.close();
 *
 * Every call runs in a slot that is rewound to its image afterwards, on the thread that called, in time slices. Building an
 * image decodes and may run what somebody else made: do that in a process you can lose.
 */
export {
  type Digest,
  type ErrorCode,
  functionName,
  type FunctionName,
  isMayflyError,
  MayflyError,
  projectId,
  type ProjectId,
} from './base/mod.ts';
export { defaultLimits, type Limits } from './config/mod.ts';
export {
  buildImage,
  type BuiltImage,
  type Call,
  CallMeasures,
  type CallTiming,
  createEngine,
  type Engine,
  type EngineOptions,
  type FunctionSpec,
  type GuestRequest,
  type HeaderPairs,
  type HistogramBucket,
  type ImageSettings,
  type LoadedFunction,
  type LogHistogram,
  type Outcome,
  type ResponseSink,
  send,
  type SimpleRequest,
  type SimpleResponse,
} from './engine/mod.ts';
export type { InputStream } from './wasi/mod.ts';
