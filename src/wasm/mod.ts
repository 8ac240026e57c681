/**
 * WebAssembly modules as bytes: reading, checking, rewriting. Pure: bytes in, bytes out, no clock, no files, no engine.
 *
 * - format/   the binary format: `decodeModule` → `Module` → `encodeModule`
 * - rewrite/  what makes a guest servable: `prepareModule` for the builder's one run, `rewriteModule` for the image
 *
 * A module that was decoded points into its artifact by spans; whatever is refused is refused by name and byte offset.
 */
export { checkModule } from './format/check.ts';
export { functionNames, type Producer, producers } from './format/custom-sections.ts';
export { type ArtifactKind, artifactKind, decodeModule } from './format/decode.ts';
export { encodeModule } from './format/encode.ts';
export {
  type CustomSection,
  type Export,
  type FuncType,
  funcTypeAt,
  type Import,
  type Module,
} from './format/module.ts';
export { Reader } from './format/reader.ts';
export { ValType, type ValueType, valueTypeName } from './format/value-type.ts';
export { Writer } from './format/writer.ts';
export { engineModule } from './rewrite/assembly.ts';
export { flagWords, type Passes, Verdict } from './rewrite/context.ts';
export type { BodyFindings, OffsetPair } from './rewrite/findings.ts';
export { dirtyPageBytes, grownBytesAt, growthRefusedAt, type MemoryLayout, memoryLayout } from './rewrite/layout.ts';
export { prepared, prepareModule, takeSnapshot } from './rewrite/prepare.ts';
export { refuseUnbounded } from './rewrite/refusals.ts';
export {
  engineImports,
  type ResetMode,
  rewriteModule,
  type RewriteOptions,
  type RewrittenMemory,
  type RewrittenModule,
  rewrittenExports,
} from './rewrite/rewrite.ts';
export { type GlobalBits, hasUnsnapshotableState, type Snapshot } from './rewrite/snapshot.ts';
