/** What every layer may use: errors, names, units, clocks. Knows nothing of wasm, HTTP or processes. */
export type { InputMistake } from './admin-errors.ts';
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
export { digestOf, isDigest } from './digest.ts';
export {
  type ErrorCode,
  errorManual,
  type ErrorParams,
  errorText,
  type FunctionProblem,
  fromWireError,
  isMayflyError,
  MayflyError,
  toWireError,
  type WireError,
} from './errors.ts';
export { Fault } from './error-entry.ts';
export { randomBytes, type RandomSource } from './random.ts';
export { shownText } from './shown-text.ts';
export { type Enrolled, Roster } from './roster.ts';
export { kib, mib, wasmPageBytes } from './units.ts';
export { userCacheFolder } from './user-cache.ts';
export { userDataFolder } from './user-data.ts';
