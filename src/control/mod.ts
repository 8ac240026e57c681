/**
 * The control plane: what is deployed where, as state and rules over records and blobs. It knows no HTTP and no processes: what
 * makes images, and what brings them to the workers, comes in.
 *
 *     types.ts          projects, functions, versions, deployments, secrets, tokens
 *     parts.ts          what can be done with each; may-act.ts tells who may
 *     ports.ts          what it needs of the node: a maker of images, a publisher
 *     control-plane.ts  all of it, over the records of tables.ts
 *     deploy.ts         the steps of a deploy; change-serving.ts the order that makes a half-done one invisible
 *     serving.ts        what is served, made from the records; published, signed, handed out
 *
 * One process has the records. What is done to a project is done one after the other; what is atomic is one record.
 */
export type { ControlTools } from './context.ts';
export { ControlPlane } from './control-plane.ts';
export { mayAct } from './may-act.ts';
export type {
  Artifacts,
  AuditLog,
  DeniedAttempt,
  Control,
  FunctionLogs,
  Functions,
  LogLine,
  NewToken,
  Projects,
  RouteOfFunction,
  Secrets,
  SignedSnapshot,
  Snapshots,
  Tokens,
} from './parts.ts';
export type {
  ControlLog,
  ControlPolicy,
  ImageMaker,
  ImageSource,
  Publisher,
  ServedFunction,
  ServedVersion,
  ServingState,
} from './ports.ts';
export {
  type Actor,
  type AuditRecord,
  type Deployed,
  type FunctionRecord,
  type Deployment,
  type DeployProgress,
  type DeployRequest,
  DeployStep,
  type Page,
  type PageOptions,
  type Project,
  Scope,
  type SecretInfo,
  type StickyBy,
  type TokenId,
  type TokenInfo,
  type Version,
  type VersionNumber,
  type VersionSettings,
  type WeightedVersion,
} from './types.ts';
