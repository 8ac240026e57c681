/** What every layer may use: errors, names, units, clocks. Knows nothing of wasm, HTTP or processes. */
export {
  type Brand,
  type Digest,
  functionName,
  type FunctionName,
  isName,
  projectId,
  type ProjectId,
} from './brand.ts';
export { type Clock, systemClock } from './clock.ts';
export { countText } from './count.ts';
export {
  type ErrorCode,
  errorManual,
  type ErrorParams,
  errorText,
  Fault,
  type FunctionProblem,
  fromWireError,
  isMayflyError,
  MayflyError,
  toWireError,
  type WireError,
} from './errors.ts';
export type { RandomSource } from './random.ts';
export { shownText } from './shown-text.ts';
export { type Enrolled, Roster } from './roster.ts';
export { kib, mib, wasmPageBytes } from './units.ts';
export { userCacheFolder } from './user-cache.ts';
