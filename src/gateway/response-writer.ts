import { STATUS_CODES } from 'node:http';
import { MayflyError } from '../base/mod.ts';
import type { Call, CallTiming, HeaderPairs, ResponseSink } from '../engine/mod.ts';
import { wouldBlock } from '../wasi/mod.ts';
import type { HeldResponse, HeldResponses } from './held-responses.ts';
import {
  bodyGatherBytes,
  keepAliveHeader,
  lingerMs,
  responseHoldBytes,
  responseTextBytes,
  streamChunkBytes,
} from './limits.ts';
import type { Outbox } from './outbox.ts';
import type { Outflow } from './outflow.ts';
import { problemOf } from './problem.ts';
import type { ResponseHead, ResponseHeads } from './response-head.ts';
import type { WholeResponse } from './whole-response.ts';

export const ServerTiming = { shown: 'shown', hidden: 'hidden' } as const;
export type ServerTiming = (typeof ServerTiming)[keyof typeof ServerTiming];

/** What a response is written by. */
export interface ResponsePolicy {
  readonly bodyBytesMax: number;
  readonly serverTiming: ServerTiming;
  readonly heads: ResponseHeads;
}

/** What the responses of a gateway have in common. */
export interface ResponseTools {
  readonly held: HeldResponses;
  readonly outbox: Outbox;
  readonly outflow: Outflow;
}

/** Who wants to know how a response ends. */
export interface ResponseListener {
  /** The function is done, or is given up: nothing comes from it any more. What it wrote may still be on its way. */
  done(error: MayflyError | undefined): void;
}

/** The states of a response, in their order; any may be followed by `done`. */
const State = {
  /** No head yet. */
  waiting: 0,
  /** There is a head, and what there is of the body; nothing has been sent, so a failure can still be told cleanly. */
  held: 1,
  /** The head is out. */
  streaming: 2,
  done: 3,
} as const;
type State = (typeof State)[keyof typeof State];

/**
 * Brings a function's response to the client. A small response is held until the guest is done and goes out in one write with
 * its length; a large or slow one streams, with backpressure on the guest above what is buffered for slow readers.
 */
export class ResponseWriter implements ResponseSink, HeldResponse {
  readonly #res: WholeResponse;
  readonly #policy: ResponsePolicy;
  readonly #listener: ResponseListener;
  readonly #tools: ResponseTools;
  /** From HeldResponse. */
  place = -1;
  heldSince = 0;
  #state: State = State.waiting;
  #head: ResponseHead | undefined;
  #startMs = 0;
  /** What is held of the body: as text, a byte a character, while there is little of it; then as chunks. */
  #heldText = '';
  readonly #held: Buffer[] = [];
  /** What the guest has written of the body, sent or held. */
  #bodyBytes = 0;
  /** What of a streamed body is not handed to node yet, its used front, and whether it will be in this turn. */
  #chunk: Buffer | undefined;
  #chunkBytes = 0;
  #isFlushing = false;
  #bodyBytesMax = 0;
  #call: Call | undefined;
  #isGivenUp = false;
  #wake: (() => void) | undefined;

  constructor(res: WholeResponse, policy: ResponsePolicy, listener: ResponseListener, tools: ResponseTools) {
    this.#res = res;
    this.#policy = policy;
    this.#listener = listener;
    this.#tools = tools;
  }

  /** Whether the function is done. */
  get isDone(): boolean {
    return this.#state === State.done;
  }

  /** Whether the function is done, and not merely given up: its call needs nothing more. */
  get isOver(): boolean {
    return this.#state === State.done && !this.#isGivenUp;
  }

  /** Tells the writer which call it belongs to. When that did not end at once, it can be aborted from here on, and streams. */
  attach(call: Call): void {
    this.#call = call;
    if (this.#isGivenUp) queueMicrotask(() => call.abort());
    else if (this.#state === State.held) this.#tools.held.add(this);
  }

  head(status: number, headers: HeaderPairs, timing: CallTiming): void {
    if (this.#state !== State.waiting) return;
    const head = this.#policy.heads.read(status, headers);
    if (head instanceof MayflyError) {
      this.giveUp(head);
      return;
    }
    this.#state = State.held;
    this.#head = head;
    this.#bodyBytesMax = Math.min(this.#policy.bodyBytesMax, head.contentLength ?? Infinity);
    this.#startMs = timing.startMs;
    if (this.#call !== undefined) this.#tools.held.add(this);
  }

  write(chunk: Uint8Array): number {
    if (this.#state === State.done || this.#state === State.waiting) return chunk.byteLength;
    const bodyBytes = this.#bodyBytes + chunk.byteLength;
    if (!this.#sendsBody()) {
      this.#bodyBytes = bodyBytes;
      return chunk.byteLength;
    }
    if (bodyBytes > this.#bodyBytesMax) {
      const isLimit = this.#bodyBytesMax === this.#policy.bodyBytesMax;
      const reason = isLimit ? 'it is larger than responseBodyBytes' : 'it is longer than its Content-Length';
      this.giveUp(new MayflyError('bad_guest_response', { reason }));
      return chunk.byteLength;
    }
    if (this.#state === State.held) {
      if (bodyBytes <= responseHoldBytes) {
        this.#hold(chunk);
        this.#bodyBytes = bodyBytes;
        return chunk.byteLength;
      }
      this.#sendHead();
    }
    return this.#stream(chunk);
  }

  onReady(wake: () => void): void {
    if (this.#state !== State.streaming || this.#room() > 0) wake();
    else this.#wake = wake;
  }

  end(timing: CallTiming): void {
    if (this.#state === State.done) return;
    if (this.#state === State.waiting) {
      this.#finish(new MayflyError('no_response', {}), timing);
      return;
    }
    const wanted = this.#head?.contentLength;
    if (wanted !== undefined && wanted !== this.#bodyBytes && this.#sendsBody()) {
      this.#finish(new MayflyError('bad_guest_response', { reason: 'it is shorter than its Content-Length' }), timing);
      return;
    }
    if (this.#state === State.held) this.#sendWhole(timing);
    else this.#endStream();
    this.#tools.outflow.watch(this.#res);
    this.#finish(undefined, timing);
  }

  fail(error: MayflyError, timing: CallTiming): void {
    this.#finish(error, timing);
  }

  /** Ends the call from this side, and tells the client why; what the function still writes is dropped. */
  giveUp(error: MayflyError): void {
    if (this.#state === State.done) return;
    const call = this.#call;
    this.#isGivenUp = true;
    this.#finish(error, undefined);
    // Not from here: this may be inside of one of the guest's own calls.
    if (call !== undefined) queueMicrotask(() => call.abort());
  }

  /** From HeldResponse: the guest takes its time. */
  release(): void {
    this.#sendHead();
  }

  /** The connection is gone: nobody is to be told anything. */
  connectionLost(): void {
    if (this.#state !== State.done) this.giveUp(new MayflyError('client_gone', {}));
  }

  #sendsBody(): boolean {
    return this.#head?.body === 'sent' && this.#res.req.method !== 'HEAD';
  }

  #room(): number {
    return this.#tools.outflow.allowance - this.#res.writableLength - this.#chunkBytes;
  }

  /** Node writes a head and a short text as one string, in about two thirds of the time that a head and a buffer take it. */
  #hold(chunk: Uint8Array): void {
    if (this.#bodyBytes + chunk.byteLength <= responseTextBytes) {
      this.#heldText += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
      return;
    }
    this.#textToChunk();
    this.#held.push(Buffer.from(chunk));
  }

  #textToChunk(): void {
    if (this.#heldText !== '') this.#held.push(Buffer.from(this.#heldText, 'latin1'));
    this.#heldText = '';
  }

  #stream(chunk: Uint8Array): number {
    const count = Math.min(chunk.byteLength, this.#room());
    if (count <= 0) return wouldBlock;
    this.#bodyBytes += count;
    if (this.#chunkBytes + count > streamChunkBytes) this.#flush();
    if (count > streamChunkBytes) this.#res.write(Buffer.from(chunk.subarray(0, count)));
    else this.#append(chunk.subarray(0, count));
    return count;
  }

  /** Puts small writes of one turn together, and of several turns while the client is slower than the guest. */
  #append(bytes: Uint8Array): void {
    this.#chunk ??= Buffer.allocUnsafe(streamChunkBytes);
    this.#chunk.set(bytes, this.#chunkBytes);
    this.#chunkBytes += bytes.byteLength;
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      // What is not handed over now is with the next `drain`.
      if (this.#res.writableNeedDrain) return;
      this.#flush();
      if (this.#room() > 0) this.#wakeGuest();
    });
  }

  #flush(): void {
    const chunk = this.#chunk?.subarray(0, this.#chunkBytes);
    if (chunk === undefined || this.#state === State.done) return;
    this.#chunk = undefined;
    this.#chunkBytes = 0;
    this.#res.write(chunk);
  }

  #endStream(): void {
    this.#flush();
    this.#res.end();
  }

  /** Sends the head, and what is held of the body; from here on the response streams. */
  #sendHead(): void {
    this.#tools.held.delete(this);
    if (this.#state !== State.held || this.#head === undefined) return;
    this.#state = State.streaming;
    const { status, headers, contentLength } = this.#head;
    const all = [...headers];
    if (contentLength !== undefined) all.push('Content-Length', String(contentLength));
    const timingText = this.#timingText(undefined);
    if (timingText !== undefined) all.push('Server-Timing', timingText);
    if (this.#res.shouldKeepAlive) all.push(...keepAliveHeader);
    this.#res.writeHead(status, all);
    this.#res.on('drain', () => {
      this.#flush();
      this.#wakeGuest();
    });
    this.#textToChunk();
    if (this.#held.length === 0) this.#res.flushHeaders();
    for (const chunk of this.#held) this.#res.write(chunk);
    this.#held.length = 0;
  }

  /** Sends a response that is all there in one write. */
  #sendWhole(timing: CallTiming): void {
    if (this.#head === undefined) return;
    const { status, headers, start } = this.#head;
    const lengthBytes = this.#toldLength(this.#head);
    const timingText = this.#timingText(timing);
    const [first] = this.#held;
    if (first === undefined && this.#res.takesWhole) {
      const lengthLine = lengthBytes === undefined ? '' : `Content-Length: ${lengthBytes}\r\n`;
      const timingLine = timingText === undefined ? '' : `Server-Timing: ${timingText}\r\n`;
      this.#tools.outbox.send(this.#res, start, lengthLine + timingLine, this.#heldText);
      return;
    }
    const all = [...headers];
    if (lengthBytes !== undefined) all.push('Content-Length', String(lengthBytes));
    if (timingText !== undefined) all.push('Server-Timing', timingText);
    if (this.#res.shouldKeepAlive) all.push(...keepAliveHeader);
    this.#res.writeHead(status, all);
    if (first === undefined) this.#res.end(this.#heldText, 'latin1');
    else this.#res.end(this.#held.length === 1 ? first : Buffer.concat(this.#held, this.#bodyBytes));
  }

  /** The Content-Length of a response that is all there, if it has one. */
  #toldLength({ contentLength, body }: ResponseHead): number | undefined {
    if (this.#sendsBody()) return this.#bodyBytes;
    if (body === 'not modified') return contentLength;
    // HEAD: what GET would give, as far as it is known. RFC 9110, section 9.3.2.
    const lengthBytes = contentLength ?? this.#bodyBytes;
    return body === 'sent' && lengthBytes > 0 ? lengthBytes : undefined;
  }

  #timingText(timing: CallTiming | undefined): string | undefined {
    if (this.#policy.serverTiming === ServerTiming.hidden) return undefined;
    const start = `start;dur=${(timing?.startMs ?? this.#startMs).toFixed(3)}`;
    // How long the guest takes is not known while it still runs.
    return timing === undefined ? start : `${start}, guest;dur=${timing.guestMs.toFixed(3)}`;
  }

  #wakeGuest(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #finish(error: MayflyError | undefined, timing: CallTiming | undefined): void {
    if (this.#state === State.done) return;
    const before = this.#state;
    this.#state = State.done;
    this.#tools.held.delete(this);
    if (error !== undefined) {
      // A body that was cut must never be taken for a whole one.
      if (before === State.streaming) this.#res.destroy();
      else if (error.code === 'client_gone') this.#res.destroy();
      else {
        const timingText = timing === undefined ? undefined : this.#timingText(timing);
        sendProblem(this.#res, error, this.#tools.outbox, timingText);
      }
    }
    this.#listener.done(error);
    this.#wakeGuest();
  }
}

/** Answers with what went wrong. What is unread of the request's body is read and dropped, for a while. */
export function sendProblem(res: WholeResponse, error: MayflyError, outbox: Outbox, timingText?: string): void {
  if (res.destroyed || res.headersSent || res.isEnded) return;
  const { status, headers, start, body } = problemOf(error);
  const req = res.req;
  const declaredBytes =
    req.headers['transfer-encoding'] === undefined ? Number(req.headers['content-length'] ?? 0) : Infinity;
  const isShort = req.complete || declaredBytes <= bodyGatherBytes;
  if (isShort && res.takesWhole) {
    const more = timingText === undefined ? '' : `Server-Timing: ${timingText}\r\n`;
    outbox.send(res, start, more, req.method === 'HEAD' ? '' : body);
    return;
  }
  const all = timingText === undefined ? headers : [...headers, 'Server-Timing', timingText];
  if (isShort) {
    // Node drops what is unread of so small a body, and the connection can go on.
    res.writeHead(status, STATUS_CODES[status] ?? '', res.shouldKeepAlive ? [...all, ...keepAliveHeader] : all);
    res.end(body, 'latin1');
    return;
  }
  // The client is still sending: it gets the whole answer now, but is cut only once it has stopped, or time is up. Were the
  // connection closed at once, the answer could be lost with it: RFC 9112, section 9.6.
  res.writeHead(status, STATUS_CODES[status] ?? '', [...all, 'Connection', 'close']);
  res.write(body, 'latin1');
  const finish = (): void => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(finish, lingerMs);
  req.once('end', finish);
  req.once('close', finish);
  req.resume();
}
