/** Takes the answers on a connection apart as they come, however large they are, and keeps only what is worth looking at. */

/** One answer, or the beginning of one. */
export interface Answer {
  readonly status: number;
  /** The status line and headers, as they came. */
  readonly head: string;
  /** The first bytes of the body. */
  readonly body: string;
  readonly bodyBytes: number;
  /** The permanent code of a problem. */
  readonly code: string | undefined;
  readonly isWhole: boolean;
}

const keptBytes = 4096;
const headBytesMax = 1_000_000;

/** What body is on its way: so many bytes, chunks, or all until the connection ends. */
type Expecting =
  | { kind: 'head' }
  | { kind: 'bytes'; left: number }
  | { kind: 'chunk size' | 'chunk end' | 'trailers' | 'all' };

export class AnswerParser {
  readonly answers: Answer[] = [];
  readonly #onAnswer: (answer: Answer) => void;
  /** The methods of the requests to come, where one of them is HEAD. */
  readonly #bodiless: boolean;
  #pending = '';
  #expecting: Expecting = { kind: 'head' };
  #inChunk = false;
  #head = '';
  #status = 0;
  #body = '';
  #bodyBytes = 0;

  constructor(onAnswer: (answer: Answer) => void, options: { readonly bodiless?: boolean } = {}) {
    this.#onAnswer = onAnswer;
    this.#bodiless = options.bodiless === true;
  }

  /** Takes bytes, one a character. */
  feed(text: string): void {
    this.#pending += text;
    for (let before = -1; before !== this.#pending.length && this.#pending !== '';) {
      before = this.#pending.length;
      this.#step();
    }
  }

  /** The connection is over: an answer that was begun is not whole, unless it goes on until then. */
  end(): void {
    if (this.#expecting.kind === 'all') this.#finish(true);
    else if (this.#expecting.kind !== 'head') this.#finish(false);
  }

  #step(): void {
    const expecting = this.#expecting;
    switch (expecting.kind) {
      case 'head':
        return this.#readHead();
      case 'bytes':
        return this.#readBytes(expecting.left);
      case 'all':
        return this.#take(this.#pending.length);
      default:
        return this.#readLine(expecting.kind);
    }
  }

  #readHead(): void {
    const end = this.#pending.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#pending.length > headBytesMax) throw new Error('an answer has no end of its head');
      return;
    }
    this.#head = this.#pending.slice(0, end);
    this.#pending = this.#pending.slice(end + 4);
    this.#status = Number(/^HTTP\/1\.1 (\d{3})/.exec(this.#head)?.[1] ?? 0);
    this.#body = '';
    this.#bodyBytes = 0;
    if (this.#status >= 100 && this.#status < 200) return;
    const length = /^content-length: *(\d+)$/im.exec(this.#head)?.[1];
    if (this.#bodiless || this.#status === 204 || this.#status === 304) this.#finish(true);
    else if (/^transfer-encoding: *chunked$/im.test(this.#head)) this.#expecting = { kind: 'chunk size' };
    else if (length === undefined) this.#expecting = { kind: 'all' };
    else if (Number(length) === 0) this.#finish(true);
    else this.#expecting = { kind: 'bytes', left: Number(length) };
  }

  #readBytes(left: number): void {
    const count = Math.min(left, this.#pending.length);
    this.#take(count);
    if (count < left) this.#expecting = { kind: 'bytes', left: left - count };
    else if (this.#inChunk) this.#expecting = { kind: 'chunk end' };
    else this.#finish(true);
  }

  #take(count: number): void {
    if (this.#body.length < keptBytes)
      this.#body += this.#pending.slice(0, Math.min(count, keptBytes - this.#body.length));
    this.#bodyBytes += count;
    this.#pending = this.#pending.slice(count);
  }

  #readLine(kind: 'chunk size' | 'chunk end' | 'trailers'): void {
    const end = this.#pending.indexOf('\r\n');
    if (end < 0) return;
    const line = this.#pending.slice(0, end);
    this.#pending = this.#pending.slice(end + 2);
    if (kind === 'chunk end') {
      this.#inChunk = false;
      this.#expecting = { kind: 'chunk size' };
    } else if (kind === 'trailers') {
      if (line === '') this.#finish(true);
    } else {
      const left = Number.parseInt(line, 16);
      this.#inChunk = left > 0;
      this.#expecting = left > 0 ? { kind: 'bytes', left } : { kind: 'trailers' };
    }
  }

  #finish(isWhole: boolean): void {
    this.#expecting = { kind: 'head' };
    this.#inChunk = false;
    const isProblem = /^content-type: application\/problem\+json$/im.test(this.#head);
    const answer: Answer = {
      status: this.#status,
      head: this.#head,
      body: this.#body,
      bodyBytes: this.#bodyBytes,
      code: isProblem ? /"code":"([a-z_]+)"/.exec(this.#body)?.[1] : undefined,
      isWhole,
    };
    this.answers.push(answer);
    this.#onAnswer(answer);
  }
}

/** How an answer ended, in the words of the corpus. */
export function endingOf(answer: Answer | undefined): string {
  if (answer === undefined) return 'none';
  if (!answer.isWhole) return 'cut';
  return answer.code === undefined ? String(answer.status) : `${answer.status} ${answer.code}`;
}
