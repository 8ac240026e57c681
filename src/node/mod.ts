/**
 * The composition root: the processes of a node, and the order in which they start and stop.
 *
 *     guardian ──▶ supervisor ──▶ builder     one for each artifact that has no image yet: bytes in, image out, then it ends
 *        │            │ images ──▶ image-store    content-addressed files in the data directory
 *        │
 *        ├──────▶ worker × N                  engine and gateway; takes connections from its place's socket; reads images by digest
 *        ├──────▶ worker that stands by       the same, warm, with no socket yet
 *        └──────▶ own worker × N              of one project, and of no other: takes its requests from the workers above (project-workers.ts)
 *
 * **Guardian** (start-node.ts, guardian.ts): the process that asked for the node. It is the parent of supervisor and workers, holds
 * the sockets, and passes on messages that it does not read. It decides nothing but that a supervisor that ended is started again.
 * **Supervisor** (supervisor.ts): decides what is served and by which workers. WorkerSet keeps every place filled: all workers load a
 * snapshot, and only then does the first one switch to it. ProjectWorkers has one for all projects, and one more for each that has
 * workers of its own. Where it takes deploys, platform.ts has the control plane, its storage and the admin API in it too.
 * **Worker** (worker.ts) and **builder** (builder.ts): what meets requests, and what meets artifacts. They have next to no permissions.
 *
 *     killed        what becomes of it
 *     worker        the one that stands by takes its place and its socket: connections that wait there are answered, those that it
 *                   had taken are lost
 *     own worker    the same: the one of its project that stands by takes its place
 *     supervisor    the next one adopts the workers, which have gone on serving; its builders end with it
 *     guardian      everybody finishes what is under way, and exits
 *     builder       what it was to build has failed
 *
 * Start: open the sockets → supervisor → open the store → prepare every function, while workers start → workers load what there is
 * time for (function-shelf.ts), switch and listen → ready. A failure on the way leaves nothing running. Stop: workers take what waits at their sockets, finish up to a
 * deadline, exit. Restart: a new supervisor, from the code on disk, has the workers replaced one place after the other.
 */
export { adminSocketFolder, adminSocketPath } from './admin-socket.ts';
export { codeIdentity } from './code-identity.ts';
export { FunctionShelf, type Opened } from './function-shelf.ts';
export { codeCacheEnv } from './code-cache.ts';
export { DevNode, type DevNodeOptions } from './dev-node.ts';
export type { FunctionLine } from './function-log.ts';
export { ImageStore, readImage } from './image-store.ts';
export { ListeningSockets } from './listening-sockets.ts';
export { type LocalFunction, LocalFunctions, type LocalSettings } from './local-functions.ts';
export { createLog, type Log, LogStyle } from './log.ts';
export { packageRoot, packageVersion } from './paths.ts';
export { prepareFunctions, readArtifact } from './prepare.ts';
export type { DeployedFunction, DeployedVersion, FromWorker, ToWorker, WorkerCommand } from './protocol.ts';
export { type NodeOptions, type RunningNode, startNode } from './start-node.ts';
export { TestNode, type TestNodeOptions } from './test-node.ts';
export { sendRequest } from './test-request.ts';
