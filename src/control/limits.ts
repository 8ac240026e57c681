import { kib } from '../base/mod.ts';

/** The bounds of the control plane. Each names what it guards against. */

/** What one tenant can fill a node with. */
export const projectsMax = 10_000;
export const functionsPerProjectMax = 1000;
export const secretsPerProjectMax = 1000;
export const tokensPerProjectMax = 1000;
export const artifactsPerProjectMax = 10_000;

/** The newest versions of a function that are kept, beside those that are deployed or were before. */
export const versionsKept = 50;
/** Deployments that a function can go back to. */
export const deploymentsKept = 10;
/** Versions that share a function's traffic. */
export const weightsMax = 10;
export const routesPerFunctionMax = 100;
/** Claims on one host: they are one record. */
export const claimsPerHostMax = 5000;
/** Of these, paths with a `*` in the middle: a request that all of them nearly take has each looked at. */
export const patternsPerHostMax = 500;

/** A version's settings are one record, and a worker holds them for each of its slots. */
export const varsMax = 128;
export const varsBytesMax: number = 128 * kib;
export const allowMax = 100;
export const messageLengthMax = 1000;
export const secretBytesMax: number = 32 * kib;
export const nameLengthMax = 200;

/** Records of the audit log, of what was done and of what was denied; older ones are dropped. */
export const auditRecordsMax = 10_000;
export const deniedRecordsMax = 2000;

/** Page sizes of lists. */
export const pageSizeDefault = 100;
export const pageSizeMax = 1000;

/** An upload that no version uses is kept so long. */
export const artifactUnusedMs = 86_400_000;
/** How often a write is tried again that somebody else came before. */
export const conflictRetriesMax = 20;
