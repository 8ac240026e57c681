/**
 * Every bound of the decoder, in one place. Where V8 has a limit of its own, ours is not above it, so that what we accept
 * V8 accepts too: https://chromium.googlesource.com/v8/v8/+/refs/heads/main/src/wasm/wasm-limits.h
 */

export const formatLimits = {
  moduleBytes: 134_217_728,
  types: 100_000,
  imports: 10_000,
  exports: 100_000,
  functions: 500_000,
  tables: 16,
  /** V8 allows 10 million, and takes seconds to make such a table. */
  tableEntries: 100_000,
  memories: 8,
  memoryPages: 65_536,
  tags: 10_000,
  /** What an exception holds is on the JavaScript heap, where nothing counts it. Compilers to linear memory put a pointer there. */
  exceptionBytes: 32,
  globals: 100_000,
  elementSegments: 100_000,
  dataSegments: 100_000,
  /** V8: kV8MaxWasmFunctionParams and kV8MaxWasmFunctionReturns. */
  parameters: 1000,
  results: 1000,
  structFields: 2000,
  /** V8: kV8MaxWasmFunctionLocals is 50,000, with the parameters and the few that the rewriter adds. */
  locals: 48_900,
  /** Of all functions: the compiler's work grows with them, however short they are. A Ruby has 0.4 million. */
  localsTogether: 4_000_000,
  /** Of all tables: each is made for a slot, and again by a rewind. */
  tableEntriesTogether: 200_000,
  /** V8: kV8MaxWasmFunctionSize is 7,654,321; one that large takes its compiler seconds. */
  functionBytes: 4_194_304,
  /** V8: kV8MaxWasmFunctionSize, for what the rewriter made of one. */
  rewrittenFunctionBytes: 7_654_321,
  /** The compiler's work grows with the product; the largest of real programs (a Ruby, an esbuild) have about 100 million. */
  functionBytesTimesLocals: 2_000_000_000,
  /** Blocks within blocks; compiled Go has some thousands. */
  nesting: 10_000,
  branchTableEntries: 65_520,
  nameBytes: 102_400,
} as const;
