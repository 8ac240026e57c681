import { kib, mib } from '../base/mod.ts';

/** The bounds of a node's processes. Each names what it guards against. */

/** An artifact larger than this is not even read: the builder would have to hold it several times. */
export const artifactBytesMax: number = 128 * mib;

/** Preparing one artifact: a bomb's time. */
export const buildDeadlineMs = 60_000;
/** The builder's JavaScript heap. */
export const builderHeapBytes: number = 1024 * mib;
/** What node itself takes of the data segment before it runs a line: measured 573 MiB, most of it V8's code range. */
export const builderBaselineBytes: number = 640 * mib;
/** After a build a spare builder is started, so long later: first what was built is loaded. */
export const spareBuilderDelayMs = 300;
/** Builders at once. Each is one busy thread. */
export const buildersMax = 2;
/** Builds of one project that wait for a builder, beside those that are under way. */
export const buildsWaitingMax = 16;

/** For a worker to start, or to load a snapshot. Compiling large images takes most of it. */
export const workerLoadDeadlineMs = 60_000;
/** For a worker to do anything else that it is told. */
export const workerCommandDeadlineMs = 10_000;
/** So many workers may end while one snapshot is published before that is what ends them. */
export const publishDeathsMax = 3;
/** How long to wait before what has crashed is started again: at once, then longer each time, but always within a second. */
export const restartDelayFirstMs = 50;
export const restartDelayMaxMs = 800;
/** What has lived so long is not in a crash loop. */
export const restartHealthyMs = 10_000;

/** So long after a start, when there is time for it, what V8 has made of the code is kept for the next one. */
export const keepLoadedCodeMs = 2000;

/** After a stop was asked for, requests have so long to finish. */
export const stopDeadlineMs = 10_000;
/** A worker that others replace has time: its clients may be slow to send their next request, and close connections themselves. */
export const leaveQuietMs = 1000;
/** Beyond that, a worker has so long to exit before it is killed. */
export const stopKillMs = 2000;

/** Of what functions write to stderr: one line's length, and what one function may write over time. */
export const logLineBytesMax: number = 8 * kib;
export const logBytesPerSecond: number = 64 * kib;
export const logBurstBytes: number = 256 * kib;
/** A line that was begun and not ended is logged after this time. */
export const logPartialLineMs = 100;
/** Failed calls of one function with one code that are logged each second; the others are counted. */
export const failureLinesPerSecond = 5;
/** What waits to be written to the node's own stderr; above it lines are dropped, so that a stuck reader never stops a node. */
export const logQueueBytes: number = 4 * mib;

/** How often a worker looks at its memory, and what it may hold above what it once needed before it collects its garbage. */
export const giveBackEveryMs = 5000;
export const giveBackAboveBytes: number = 32 * mib;
/** After such a collection another one follows, for the slots that have been given up since. */
export const giveBackAgainMs = 40_000;
/**
 * A worker whose event loop is busy for a larger share of the time, or was within the last seconds, is left alone: collecting holds it
 * up for a hundred milliseconds, and makes the next requests slow.
 */
export const quietUtilization = 0.05;
export const giveBackQuietMs = 20_000;

/** Functions that a worker loads at once. Compiling happens on threads of V8's own; what is left of it holds the worker up. */
export const loadsMax = 4;
/**
 * Functions that a worker has in memory, and the bytes of their images together; beyond that the one that was used least
 * recently goes. Two memories at least belong to each, and of the engine's a project alone can have about 6,500.
 */
export const loadedFunctionsMax = 3000;
export const loadedImageBytesMax: number = 512 * mib;
/** Calls that wait for their function to be loaded, of each function. */
export const loadWaitersMax = 1024;
/** A function that could not be loaded is not tried again before that, and later each time. */
export const loadRetryFirstMs = 1000;
export const loadRetryMaxMs = 30_000;
/** A worker that starts loads functions for so long before it listens; the others are loaded behind. */
export const loadAheadMs = 200;

/** Versions that a worker keeps because they were asked for by their own hosts: anybody can ask for any. */
export const previewsMax = 16;
/** What is behind such a host is told within this time: its image may have to be made again. */
export const previewDeadlineMs = 30_000;

/** Function logs on their way from a worker: lines wait so long for company, and a message holds so much. */
export const logBatchMs = 20;
export const logBatchBytes: number = 64 * kib;
/** What one function, and all of a worker's, may have waiting for the supervisor; above it lines are counted and dropped. */
export const logWaitingBytesOne: number = 256 * kib;
export const logWaitingBytesAll: number = 4 * mib;
/** A worker that stops waits so long for its lines to be taken. */
export const logDrainMs = 1000;
/** Function logs on disk: a file's size and how many of them one function keeps, the oldest go. */
export const logFileBytes: number = 1 * mib;
export const logFilesKept = 8;
/** Between two writes to one function's file, and what may wait for the next; above it lines are counted and dropped. */
export const logWriteEveryMs = 100;
export const logUnwrittenBytes: number = 1 * mib;
/** What a follower of a log has not taken yet; above it the oldest go, which it is told. */
export const logFollowerLines = 2000;
/** Followers of all functions together: each holds lines in memory. */
export const logFollowersMax = 256;
/** How often the operator is told that function logs cannot be written. */
export const logTroubleEveryMs = 60_000;

/** When its developer stops it, a node has so long for the requests under way. */
export const devStopDeadlineMs = 500;

/** A batch that is not acknowledged by then is lost, with the supervisor that it was for. */
export const logTakenDeadlineMs = 5000;
/** An image that no version needs stays for so long after it was made or asked for: a deploy, or a worker, may be about to load it. */
export const imageUnusedMs = 600_000;
/** How often uploads and images that nobody uses are looked for, and at the latest how long after a version was dropped. */
export const sweepEveryMs = 3_600_000;

/** Requests under way from one shared worker to the own workers of one project, of the 10,000 that it may have in all. */
export const forwardedCallsMax = 1000;
/** The head of a response from there: a guest's own may have 64 KiB, and the worker adds a few lines. */
export const forwardedHeadBytesMax: number = 80 * kib;
/** A connection is used again within this time: well below `leaveQuietMs`, after which a worker that leaves may close it. */
export const forwardedIdleMs = 500;
/** An own worker ends a call at its wallMs. One that has said nothing for so long after that is given up. */
export const forwardedGraceMs = 2000;
/** Own workers of all projects together, for each core: each is a process. */
export const ownWorkersPerCore = 8;
/** A socket's path: the least that systems allow, of which the end of the string takes one. */
export const socketPathBytesMax = 103;

/** What of the memory that a node may use is for slots, shared between its workers; and the least and the most for one of them. */
export const slotBytesShare = 0.5;
export const slotBytesLeast: number = 64 * mib;
export const slotBytesMost: number = 2048 * mib;

/** Functions whose order of last use is kept; how often workers tell of it, and it is written down. */
export const useOrderMax = 10_000;
export const useReportEveryMs = 15_000;
export const useSaveEveryMs = 60_000;
export const sweepDroppedMs = 600_000;
