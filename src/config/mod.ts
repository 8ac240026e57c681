/**
 * What can be set, what it means, and its defaults. Schemas are the manual: help texts and references are made from them.
 *
 *     limits.ts         the enforced bounds of a function: --limit NAME=VALUE and [limits]
 *     manifest.ts       mayfly.toml, with every mistake told at once, by line and column
 *     route.ts          the hosts and paths that lead to a function
 *     serve-target.ts   what `mayfly serve TARGET` serves: an artifact, a function's folder, a folder of them
 *     listen.ts env.ts  addresses, variables
 *     allow.ts          hosts a function may call; bindings.ts  what else it can be handed
 */
export type { AllowedHost } from './allow.ts';
export type { BindingKind, Bindings } from './bindings.ts';
export { type Env, isEnvName, parseEnv } from './env.ts';
export {
  defaultLimits,
  type LimitManual,
  limitManuals,
  limitNames,
  limitWanted,
  type LimitName,
  type Limits,
  mergeLimits,
  parseLimits,
} from './limits.ts';
export {
  defaultAdminListen,
  defaultListen,
  formatAddress,
  type ListenAddress,
  localUrl,
  parseListen,
} from './listen.ts';
export { type LocalSecrets, readLocalSecrets } from './local-secrets.ts';
export type { Manifest } from './manifest.ts';
export { loadManifestManual } from './manifest-manual.ts';
export type { TableManual } from './manifest-schema.ts';
export { formatQuantity } from './quantity.ts';
export {
  anySegment,
  examplePath,
  hasAnySegment,
  leadingSegments,
  mountPath,
  mountSegments,
  prefixSuffix,
  type Route,
  routeHostWanted,
  routeKey,
  routePathWanted,
} from './route.ts';
export { fileErrorCode, fileErrorReason, readFileWithin } from './read-file.ts';
export { parseTemplateAbout, type TemplateAbout } from './template-about.ts';
export {
  type FunctionBuild,
  type FunctionFolder,
  type FunctionRoute,
  type FunctionSource,
  loadFunctionFolder,
  loadServeTarget,
  manifestFileName,
  type ServeTarget,
} from './serve-target.ts';
