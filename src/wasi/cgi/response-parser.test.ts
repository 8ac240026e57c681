import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { wouldBlock } from '../streams.ts';
import { HeadReader } from './response-head.ts';
import { CgiOutcome, CgiResponseParser, type CgiSink } from './response-parser.ts';

/** Keeps what it is given. With `rooms` it takes only so many bytes each time, and blocks at 0. */
class Kept implements CgiSink {
  heads: [status: number, headers: readonly string[]][] = [];
  body = '';
  reasons: string[] = [];
  waiting: (() => void)[] = [];
  readonly #rooms: number[];

  constructor(rooms: readonly number[] = []) {
    this.#rooms = [...rooms];
  }

  head(status: number, headers: readonly string[]): void {
    assert.equal(this.reasons.length, 0);
    this.heads.push([status, headers]);
  }

  write(chunk: Uint8Array): number {
    assert.equal(this.heads.length, 1, 'the head comes first');
    assert.equal(this.reasons.length, 0, 'and nothing after malformed');
    const room = this.#rooms.shift() ?? Infinity;
    if (room === 0) return wouldBlock;
    const taken = chunk.subarray(0, room);
    this.body += Buffer.from(taken).toString('latin1');
    return taken.byteLength;
  }

  onReady(wake: () => void): void {
    this.waiting.push(wake);
  }

  malformed(reason: string): void {
    this.reasons.push(reason);
  }
}

interface Result {
  readonly outcome: CgiOutcome;
  readonly heads: [number, readonly string[]][];
  readonly body: string;
  readonly reasons: string[];
}

/** Writes `output` in pieces that end at `cuts`, again and again until all is taken. */
function respond(output: string, cuts: readonly number[] = [], rooms: readonly number[] = [], method = 'GET'): Result {
  const sink = new Kept(rooms);
  const parser = new CgiResponseParser(sink, method, new HeadReader());
  const bytes = Buffer.from(output, 'latin1');
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  let start = 0;
  for (const end of ends) {
    while (start < end) {
      // The guest's memory is only there during the call.
      const chunk = new Uint8Array(bytes.subarray(start, end));
      const taken = parser.write(chunk);
      chunk.fill(0x21);
      if (taken === wouldBlock) {
        assert.equal(parser.ready(), false);
        let woken = 0;
        parser.onReady(() => woken++);
        for (const wake of sink.waiting.splice(0)) wake();
        assert.equal(woken, 1);
        assert.equal(parser.ready(), true);
      } else {
        assert.ok(taken > 0 && taken <= end - start);
        start += taken;
      }
    }
  }
  return { outcome: parser.finish(), heads: sink.heads, body: sink.body, reasons: sink.reasons };
}

describe('CgiResponseParser', () => {
  const good: [what: string, output: string, status: number, headers: string[], body: string][] = [
    ['lines that end in LF', 'Content-Type: text/plain\n\nhello', 200, ['Content-Type', 'text/plain'], 'hello'],
    [
      'lines that end in CRLF',
      'Content-Type: text/plain\r\n\r\nhello\r\n',
      200,
      ['Content-Type', 'text/plain'],
      'hello\r\n',
    ],
    ['both', 'A: 1\r\nB: 2\n\r\nx', 200, ['A', '1', 'B', '2'], 'x'],
    ['a status', 'Status: 404 Not Found\nContent-Type: a/b\n\n', 404, ['Content-Type', 'a/b'], ''],
    ['a status with no reason', 'status: 503\nA: b\n\nx', 503, ['A', 'b'], 'x'],
    ['a status alone', 'Status: 201\n\n', 201, [], ''],
    ['a redirect', 'Location: https://example.org/\n\n', 302, ['Location', 'https://example.org/'], ''],
    ['a redirect to a path', 'Location: /elsewhere\n\n', 302, ['Location', '/elsewhere'], ''],
    ['a redirect of another kind', 'Status: 308\nLocation: /x\n\n', 308, ['Location', '/x'], ''],
    ['a place of what was created', 'Location: /x\nStatus: 201 Created\n\n', 201, ['Location', '/x'], ''],
    [
      'several cookies',
      'Set-Cookie: a=1\nSet-Cookie: b=2\nA: x\n\n',
      200,
      ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'A', 'x'],
      '',
    ],
    ['spaces around a value', 'A:\t x y \t\n\n', 200, ['A', 'x y'], ''],
    ['an empty value', 'A:\nB: \n\n', 200, ['A', '', 'B', ''], ''],
    ['bytes above ASCII', 'A: caf\xe9\n\n\xff\x00', 200, ['A', 'caf\xe9'], '\xff\x00'],
    [
      'fields about the connection, which are left out',
      'Connection: close\nKeep-Alive: 5\nTE: x\nTrailer: y\nUpgrade: h2c\nProxy-Connection: a\nA: b\n\nx',
      200,
      ['A', 'b'],
      'x',
    ],
    ['a length that is right', 'Content-Length: 3\n\nabc', 200, ['Content-Length', '3'], 'abc'],
    ['a body where none may be', 'Status: 204\nContent-Length: 3\n\nabc', 204, [], ''],
    [
      'a body where none may be, with a length that stays',
      'Status: 304\nContent-Length: 3\n\n',
      304,
      ['Content-Length', '3'],
      '',
    ],
    ['empty lines in the body', 'A: b\n\n\n\nC: d\n\n', 200, ['A', 'b'], '\n\nC: d\n\n'],
  ];
  for (const [what, output, status, headers, body] of good) {
    test(`passes on ${what}`, () => {
      assert.deepEqual(respond(output), { outcome: CgiOutcome.ok, heads: [[status, headers]], body, reasons: [] });
    });
  }

  const bad: [what: string, output: string, reason: RegExp][] = [
    ['no colon', 'hello world\n\n', /line 1 .*colon/],
    ['a status line', 'HTTP/1.1 200 OK\nA: b\n\n', /line 1 .*colon/],
    ['no header', '\nhello', /header is empty/],
    ['no header, CRLF', '\r\nhello', /header is empty/],
    ['no end', 'Content-Type: text/plain\n', /before the empty line/],
    ['spaces only', ' ', /before the empty line/],
    ['a space in a name', 'A b: c\n\n', /name/],
    ['a space before the colon', 'A : c\n\n', /name/],
    ['a folded line', 'A: b\n c: d\n\n', /line 2 .*name/],
    ['no name', ': c\n\n', /name/],
    ['a name that is not ASCII', 'Caf\xe9: c\n\n', /name/],
    ['a CR in a value', 'A: b\rSet-Cookie: x\n\n', /control/],
    ['a NUL in a value', 'A: b\0c\n\n', /control/],
    ['a DEL in a value', 'A: \x7f\n\n', /control/],
    ['two CRs', 'A: b\r\r\n\r\n', /control/],
    ['a status of words', 'Status: OK\n\n', /Status/],
    ['an interim status', 'Status: 101 Switching Protocols\n\n', /Status/],
    ['status 100', 'Status: 100\n\n', /Status/],
    ['a status too high', 'Status: 600\n\n', /Status/],
    ['a status too long', 'Status: 2000\n\n', /Status/],
    ['a status below zero', 'Status: -200\n\n', /Status/],
    ['two statuses', 'Status: 200\nStatus: 404\n\n', /second Status/],
    ['two locations', 'Location: /a\nlocation: /b\n\n', /second location/],
    ['two types', 'Content-Type: a/b\nContent-Type: c/d\n\n', /second Content-Type/],
    ['two lengths', 'Content-Length: 1\nContent-Length: 1\n\nx', /second Content-Length/],
    ['a length of words', 'Content-Length: x\n\n', /Content-Length/],
    ['a length below zero', 'Content-Length: -1\n\n', /Content-Length/],
    ['a length with a plus', 'Content-Length: +1\n\nx', /Content-Length/],
    ['a list of lengths', 'Content-Length: 1, 1\n\nx', /Content-Length/],
    ['a length past all numbers', 'Content-Length: 99999999999999999999\n\nx', /Content-Length/],
    ['a transfer encoding', 'Transfer-Encoding: chunked\n\n0\r\n\r\n', /Transfer-Encoding/],
    ['too many lines', `${'A: b\n'.repeat(101)}\n`, /100 lines/],
    ['a header that is too long', `A: ${'b'.repeat(65_536)}\n\n`, /65536 bytes/],
    ['a header that never ends', 'b'.repeat(200_000), /65536 bytes/],
  ];
  for (const [what, output, reason] of bad) {
    test(`refuses ${what}`, () => {
      const result = respond(output);
      assert.equal(result.outcome, CgiOutcome.badGuestResponse);
      assert.deepEqual(result.heads, []);
      assert.equal(result.reasons.length, 1);
      assert.match(result.reasons[0] ?? '', reason);
    });
  }

  test('tells a guest that wrote nothing from one that wrote nonsense', () => {
    assert.equal(respond('').outcome, CgiOutcome.noResponse);
    const parser = new CgiResponseParser(new Kept(), 'GET', new HeadReader());
    assert.equal(parser.write(new Uint8Array(0)), 0);
    assert.equal(parser.finish(), CgiOutcome.noResponse);
  });

  test('cuts a body that is not as long as its Content-Length says', () => {
    const short = respond('Content-Length: 4\n\nabc');
    assert.deepEqual([short.outcome, short.body, short.heads.length], [CgiOutcome.badGuestResponse, 'abc', 1]);
    assert.match(short.reasons[0] ?? '', /shorter/);
    const long = respond('Content-Length: 2\n\nabc');
    assert.deepEqual([long.outcome, long.body], [CgiOutcome.badGuestResponse, 'ab']);
    assert.match(long.reasons[0] ?? '', /longer/);
    assert.equal(respond('Content-Length: 0\n\nabc').outcome, CgiOutcome.badGuestResponse);
  });

  test('a HEAD has no body, and its length is what a GET would have', () => {
    const result = respond('Content-Length: 10\n\nabc', [], [], 'HEAD');
    assert.deepEqual(result, {
      outcome: CgiOutcome.ok,
      heads: [[200, ['Content-Length', '10']]],
      body: '',
      reasons: [],
    });
  });

  test('64 KiB of header are taken, to the byte', () => {
    const output = (bytes: number): string => `A: ${'b'.repeat(bytes - 5)}\n\n`;
    assert.equal(respond(output(65_536)).outcome, CgiOutcome.ok);
    assert.equal(respond(output(65_537)).outcome, CgiOutcome.badGuestResponse);
    assert.equal(respond(`${'A: b\n'.repeat(100)}\n`).outcome, CgiOutcome.ok);
  });

  test('comes to the same wherever the output is cut, in two', () => {
    for (const [, output] of [...good, ...bad.filter(([, text]) => text.length < 1000)]) {
      const whole = respond(output);
      for (let cut = 0; cut <= output.length; cut++)
        assert.deepEqual(respond(output, [cut]), whole, `${output} at ${cut}`);
    }
  });

  test('comes to the same however the output is cut, and however slow its reader is', () => {
    const line = fc.constantFrom(
      'Content-Type: a/b',
      'Status: 404',
      'Content-Length: 5',
      'X: y',
      'bad',
      'Location: /',
      '',
      'Set-Cookie: a',
    );
    const end = fc.constantFrom('\n', '\r\n');
    const output = fc
      .tuple(fc.array(fc.tuple(line, end)), fc.string({ unit: 'binary-ascii', maxLength: 30 }))
      .map(([lines, body]) => `${lines.map((each) => each.join('')).join('')}\n${body}`);
    fc.assert(
      fc.property(
        output,
        fc.array(fc.nat(200)),
        fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 10 }),
        (text, cuts, rooms) => {
          assert.deepEqual(respond(text, cuts, rooms), respond(text));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('never throws, and never passes on what node:http would refuse', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), fc.array(fc.nat(100)), (text, cuts) => {
        const result = respond(`A${text}`, cuts);
        for (const [status, headers] of result.heads) {
          assert.ok(status >= 200 && status <= 599);
          for (const part of headers) assert.doesNotMatch(part, /[\r\n\0]/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('after something malformed takes everything, and never blocks the guest', () => {
    const sink = new Kept();
    const parser = new CgiResponseParser(sink, 'GET', new HeadReader());
    assert.equal(parser.write(Buffer.from('nonsense\n\n')), 10);
    assert.equal(parser.write(Buffer.from('A: b\n\n')), 6);
    assert.equal(parser.ready(), true);
    assert.equal(sink.reasons.length, 1);
    assert.equal(parser.finish(), CgiOutcome.badGuestResponse);
  });
});
