import { kib, mib } from '../base/mod.ts';

/**
 * The bounds of the data plane itself, whatever function a request is for. Each names what it guards against.
 */

/** The request line and headers together, and how many headers: floods of headers. RFC 6585, section 5. */
export const headBytesMax: number = 16 * kib;
export const headersMax = 100;

/** For the request's head, and for the request as a whole, to arrive: slow-loris. */
export const headTimeoutMs = 10_000;
export const requestTimeoutMs = 300_000;
/** How often the two are looked after. */
export const timeoutCheckMs = 1000;

/** Connections at once; above it new ones are closed. Each takes some tens of KiB before it has asked for anything. */
export const connectionsMax = 16_384;

/** An idle connection is kept open so long, and a little longer, for the client's next request. */
export const keepAliveMs = 65_000;

/** Tells the client of it. https://httpwg.org/specs/rfc9112.html#compatibility.with.http.1.0.persistent.connections */
export const keepAliveHeader: readonly [name: string, value: string] = ['Keep-Alive', `timeout=${keepAliveMs / 1000}`];

/** A client that neither reads nor writes for so long while bytes are waiting for it is cut. */
export const stalledMs = 30_000;
/** How often connections are looked at that may be stalled or idle. */
export const stallCheckMs = 5000;

/** Requests that wait for the one before them on the same connection; a client that sends more ahead is cut. */
export const pipelinedMax = 100;

/** A request body up to this size is read before a slot is taken, so that a slow client never holds a small one's slot. */
export const bodyGatherBytes: number = 64 * kib;
/** A body of unknown length is gathered for no longer than this: its client may be waiting for the answer's first bytes. */
export const bodyGatherMs = 100;
/** A small body that is not all there by then is given up: nobody else could be told that a slot is kept for it. */
export const gatherTimeoutMs = 30_000;
/** Bodies that are gathered at once; above it the one that has taken longest is given up: slow-loris with bodies. */
export const gatheringMax = 4096;
/** Of a streamed request body, at most about this much waits for the guest to read it. */
export const bodyWindowBytes: number = 256 * kib;

/** A response up to this size is held until the guest is done: it gets its length, one write, and a clean error on a trap. */
export const responseHoldBytes: number = 64 * kib;
/** What is held of so short a response is kept as text: node writes that at once, where a longer one takes it an allocation. */
export const responseTextBytes: number = 8 * kib;
/** A function's response head is remembered up to this size, as a program mostly says the same: one for each route. */
export const headKeptBytes: number = 2 * kib;
/** A response whose guest waits for something is held no longer than this: it streams. */
export const responseHoldMs = 10;
/** What a slow reader has not taken yet; above it the guest has to wait, and its slot with it. */
export const responseBufferBytes: number = 512 * kib;
/**
 * The same of all clients together: the more of them there are, the less each of them may leave, down to the least, which is above
 * what node's streams say `drain` for.
 */
export const outflowBytesMax: number = 256 * mib;
export const responseBufferLeastBytes: number = 96 * kib;
/** A streamed response is written in chunks of about this size when its client is slower than its guest: each costs node an object. */
export const streamChunkBytes: number = 16 * kib;

/** After a refusal that leaves a body unread, so long the rest is read and dropped: a close would cost the client the answer. */
export const lingerMs = 1000;

/** Calls under way in one worker; above it requests are refused as `overloaded`. */
export const callsMax = 10_000;

/** So many turns of the event loop connections are taken after a stop was asked for, while there are any that wait. */
export const queueTurnsMax = 1000;

/** After listening has stopped, connections are kept so long for requests that were already on their way. */
export const stopGraceMs = 250;

/** What `Retry-After` tells an overloaded node's client. */
export const retryAfterSeconds = 1;

/** Requests that wait for a version that is looked up by its own host; above it they are refused as `overloaded`. */
export const previewsWaitingMax = 256;
