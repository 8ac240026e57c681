/**
 * The composition root: the processes of a node, and the order in which they start and stop.
 *
 *     supervisor ──fork──▶ builder        one for each artifact that has no image yet: bytes in, image out, then it ends
 *         │                               (no network, no file to write, capped memory and time)
 *         │  images ──▶ image-store       content-addressed files in the data directory
 *         │
 *         └──fork──▶ worker × cores       engine and gateway; shares the port; reads images by digest
 *                                         (network, its own code and the images, nothing else)
 *
 * Start: claim the address → open the store → prepare every function → workers load, warm and listen → ready. A failure on the
 * way leaves nothing running. Stop: workers stop listening, finish what is under way up to a deadline, exit. A worker that ends
 * unasked is started again within a second; one whose supervisor is gone drains and exits.
 */
export { ImageStore, readImage } from './image-store.ts';
export { createLog, type Log, LogStyle } from './log.ts';
export { packageVersion } from './paths.ts';
export { prepareFunctions, readArtifact } from './prepare.ts';
export { type NodeOptions, type RunningNode, startNode } from './start-node.ts';
