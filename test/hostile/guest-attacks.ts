/** What hostile guests do once they run, and how each of it has to end. */
import type { GuestAttack } from './attack.ts';
import { attackNumber, boundaryTargets } from './functions.ts';

type Options = Partial<Omit<GuestAttack, 'kind' | 'name' | 'attacks' | 'function'>>;

const cpu = ['503 cpu_limit'] as const;
const wall = ['504 wall_limit'] as const;
const trap = ['500 guest_trap'] as const;
const memory = ['503 memory_limit'] as const;
const noResponse = ['500 no_response'] as const;
const badResponse = ['502 bad_guest_response'] as const;
const ok = ['200'] as const;

/** Every guest of ours is to find nothing that an earlier request left. */
const pristine = { target: '', says: /^pristine$/m } as const;

/** Attacks of one of our own guests, all of which end alike. */
function of(
  name: string,
  what: string,
  ends: readonly string[],
  attacks: readonly string[],
  options: Options = {},
): GuestAttack[] {
  return attacks.map((attack) => ({
    kind: 'guest',
    name: `${name}: ${attack}`,
    attacks: what,
    function: name,
    targets: [`?${attackNumber(name, attack)}`],
    ends,
    afterwards: pristine,
    ...(ends === ok ? { says: /^returned 0$/m } : {}),
    ...options,
  }));
}

/** Attacks of a guest that the other tests have too: switches in its query. */
function by(
  name: string,
  what: string,
  ends: readonly string[],
  queries: readonly string[],
  options: Options = {},
): GuestAttack[] {
  return queries.map((query) => ({
    kind: 'guest',
    name: `${name}: ${query}`,
    attacks: what,
    function: name,
    targets: [`?${query}`],
    ends,
    ...options,
  }));
}

const loops: readonly GuestAttack[] = [
  ...of('loops', 'the CPU, by loops', cpu, [
    'empty',
    'br-if',
    'br-table',
    'nested',
    'from-within',
    'if-else',
    'with-values',
    'thousand-loops',
    'long-body',
    'globals',
    'references',
    'stores',
    'atomics',
    'memory-grow-by-none',
    'memory-grow-refused',
  ]),
  ...of('loops', 'the CPU, by calls', cpu, [
    'recursion',
    'recursion-through-table',
    'mutual-recursion',
    'tail-call',
    'tail-calls-through-table',
    'tail-call-through-table',
    'calls-without-loop',
  ]),
  ...of('loops', 'the CPU, by exceptions', cpu, [
    'throw-and-catch',
    'throw-from-a-call',
    'loop-in-handler',
    'rethrow',
    'delegate',
    'throw-through-deep-calls',
    'rethrow-through-deep-calls',
  ]),
  ...of('loops-exnref', 'the CPU, by exceptions', cpu, ['try-table', 'try-table-to-loop', 'throw-ref']),
  ...of('loops', 'the CPU, by many at once', cpu, ['empty', 'throw-and-catch', 'recursion'], { atOnce: 16 }),
  ...by('hog', 'the CPU, by what a compiler makes', cpu, [
    'empty',
    'br_if',
    'br_table',
    'inside',
    'nested',
    'recursion',
    'indirect',
    'store',
    'grow',
    'clock',
    'yield',
    'random',
  ]),
  ...by('hog', 'the CPU, after the head', ['503 cpu_limit', 'cut'], ['head&empty']),
  ...by('hog-bulk', 'the CPU, by bulk operations', cpu, ['fill', 'copy']),
];

const exceptions: readonly GuestAttack[] = [
  ...of(
    'loops-exnref',
    'the heap, by exceptions kept alive',
    [...cpu, ...trap, ...memory, ...wall],
    ['hoard-exceptions-on-the-stack'],
    { atOnce: 24 },
  ),
];

const stacks: readonly GuestAttack[] = [
  ...of('stack', 'the stack', trap, [
    'recursion',
    'mutual',
    'through-table',
    'large-frames',
    'caught',
    'caught-forever',
    'caught-at-each-level',
  ]),
  {
    kind: 'guest',
    name: 'stack: host calls at every depth near the end of it',
    attacks: 'the stack, through the host',
    function: 'stack',
    targets: depths(),
    // Act 7 exits with 3.
    ends: ['200', '500 guest_trap', '503 cpu_limit'],
    says: /^returned [01]$/m,
    afterwards: pristine,
    rounds: 1,
  },
];

/** Acts at depths in steps that get the finer the nearer they are to where frames of this guest end, about 75,000. */
function depths(): string[] {
  const number = attackNumber('stack', 'act-at-depth');
  const steps = [1000, 40_000, 70_000, ...Array.from({ length: 40 }, (_, index) => 75_300 + 10 * index), 200_000];
  return [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((act) => steps.map((depth) => `?${number}&${depth}&${act}`));
}

const endings: readonly GuestAttack[] = [
  ...of('catching', 'endings, by catching them', noResponse, ['exit-0', 'exit-forever']),
  ...of('catching', 'endings, by catching them', trap, [
    'exit-1',
    'exit-max',
    'exit-in-handler',
    'raise',
    'unreachable',
    'out-of-bounds',
    'divide',
    'null-call',
    'fill-out-of-bounds',
    'exit-amid-the-answer',
  ]),
  ...of('catching', 'endings, by catching them', cpu, [
    'killed-in-a-loop',
    'killed-in-handlers',
    'killed-in-a-host-call',
    'killed-in-bulk',
  ]),
  ...of('catching', 'endings, by catching them', wall, ['killed-asleep']),
  ...of('catching', 'endings, by catching them', [...wall, 'cut'], ['killed-asleep-after-the-head']),
  ...of('catching', 'endings, by catching them', ok, ['exit-after-the-answer']),
  ...of('catching', 'endings, by catching them', badResponse, ['malformed-then-more']),
];

const memories: readonly GuestAttack[] = [
  ...of('memory', 'memory, by growth', ok, ['grow-all', 'grow-all-and-touch'], { says: /^returned 512$/m }),
  ...of('memory', 'memory, by growth', memory, ['grow-all-and-trap', 'grow-all-and-exit']),
  ...of('memory', 'memory, by growth', [...cpu, ...memory], ['grow-all-and-spin', 'grow-by-one-forever']),
  ...of('memory', 'memory, by growth', ok, ['grow-too-much'], { says: /^returned 2$/m }),
  ...of('memory', 'memory, by growth of many at once', ok, ['grow-all-and-touch'], {
    atOnce: 16,
    says: /^returned 512$/m,
  }),
  ...of('memory', 'the CPU, by bulk operations', cpu, [
    'fill-all',
    'copy-all',
    'copy-all-backwards',
    'init-forever',
    'fill-nothing-forever',
    'fill-until-killed',
  ]),
  ...of('memory', 'bounds, by bulk operations', trap, [
    'fill-past-the-end',
    'fill-wrapping',
    'copy-wrapping',
    'copy-from-below',
    'init-wrapping',
    'init-dropped',
  ]),
  ...of('memories', 'memory, by eight memories', ok, ['grow-all'], {
    says: /^returned (?:\d{1,2}|1\d\d|2[0-4]\d|25[0-6])$/m,
  }),
  ...of('memories', 'memory, by eight memories', [...cpu, ...memory, ...trap], ['grow-all-and-trap', 'fill-all']),
  ...of('memories', 'bounds, by eight memories', trap, ['load-far']),
  ...of('image-large', 'memory, by a large image', ok, ['nothing', 'dirty-all'], { atOnce: 4 }),
  ...by('grower', 'memory, by growth', memory, [
    'then=abort',
    'then=exit',
    'then=trap',
    'touch&then=trap',
    'malloc&then=abort',
  ]),
];

const rewinds: readonly GuestAttack[] = ['hog-pages', 'hog-table'].flatMap((name) =>
  by(name, 'rewinding, by leaving much', [...ok, ...memory, ...trap, ...cpu, 'cut'], ['', 't', 'e', 'l'], {
    atOnce: 4,
    afterwards: { target: '', says: /^pristine$/m },
  }),
);

const residue: readonly GuestAttack[] = [
  ...['fill-until-killed', 'fill-all', 'copy-all-backwards', 'grow-all-and-spin', 'grow-all-and-trap'].map(
    (attack): GuestAttack => ({
      kind: 'guest',
      name: `memory: what ${attack} leaves in memory that a later one grows into`,
      attacks: 'the next request, by what is left',
      function: 'memory',
      targets: [`?${attackNumber('memory', attack)}`],
      ends: [...cpu, ...memory],
      afterwards: { target: `?${attackNumber('memory', 'look-in-grown-memory')}`, says: /^returned 0$/m },
    }),
  ),
  ...['grow-all', 'fill-all', 'grow-all-and-trap'].map((attack): GuestAttack => ({
    kind: 'guest',
    name: `memories: what ${attack} leaves in any of them`,
    attacks: 'the next request, by what is left',
    function: 'memories',
    targets: [`?${attackNumber('memories', attack)}`],
    ends: [...ok, ...cpu, ...memory, ...trap],
    afterwards: { target: `?${attackNumber('memories', 'look-around-in-all')}`, says: /^returned 0$/m },
  })),
  ...['fill-once', 'fill', 'copy', 'set'].map((attack): GuestAttack => ({
    kind: 'guest',
    name: `tables: what ${attack} leaves in them`,
    attacks: 'the next request, by what is left',
    function: 'tables',
    targets: [`?${attackNumber('tables', attack)}`],
    ends: [...ok, ...cpu],
    afterwards: { target: `?${attackNumber('tables', 'look-around-in-tables')}`, says: /^returned 0$/m },
  })),
  ...['grow-all', 'grow-at-once', 'grow-by-none'].map((attack): GuestAttack => ({
    kind: 'guest',
    name: `tables-growing: what ${attack} leaves of their size`,
    attacks: 'the next request, by what is left',
    function: 'tables-growing',
    targets: [`?${attackNumber('tables-growing', attack)}`],
    ends: [...ok, ...cpu, ...memory],
    afterwards: { target: `?${attackNumber('tables-growing', 'look-around-in-grown')}`, says: /^returned 0$/m },
  })),
  ...['return', 'trap', 'exit', 'abort', 'loop', 'stack', 'grow', 'half'].map((then): GuestAttack => ({
    kind: 'guest',
    name: `canary: a secret before then=${then}`,
    attacks: 'the next request, by what is left',
    function: 'canary',
    targets: [`?put=6e6f626f6479&then=${then}`],
    ends: [...ok, ...cpu, ...memory, ...trap, 'cut', '502 bad_guest_response'],
    // The secret in other bytes, which the request that asks for it does not have itself.
    afterwards: { target: '?find=36653666363236663634373939', says: /^marks=0 plain=0 globals=new/m },
  })),
  ...['t', 'e', 'l'].flatMap((how) =>
    ['state-globals', 'state-segments', 'state-tables'].map((name): GuestAttack => ({
      kind: 'guest',
      name: `${name}: state before ${how}`,
      attacks: 'the next request, by what is left',
      function: name,
      targets: [`?${how}`],
      ends: [...trap, ...cpu, ...noResponse, 'cut'],
      afterwards: { target: '', says: /pristine/ },
    })),
  ),
  ...['trap', 'exit', 'loop'].map((then): GuestAttack => ({
    kind: 'guest',
    name: `stores: every store before ${then}`,
    attacks: 'the next request, by what is left',
    function: 'stores',
    targets: [`?then=${then}`],
    ends: [...trap, ...cpu, ...noResponse],
    afterwards: { target: '', says: /pristine=yes/ },
  })),
];

const tables: readonly GuestAttack[] = [
  ...of('tables', 'the CPU, by tables', cpu, ['fill', 'copy', 'copy-overlapping', 'init', 'set']),
  ...of('tables', 'bounds, by tables', trap, [
    'fill-past-the-end',
    'get-past-the-end',
    'call-past-the-end',
    'call-wrapping',
  ]),
  ...of('tables-growing', 'the CPU, by tables', cpu, ['grow-by-none']),
  ...of('tables-growing', 'memory, by tables', [...ok, ...cpu, ...memory], ['grow-all', 'grow-at-once'], {
    says: /^returned \d+$/m,
    atOnce: 8,
  }),
  ...of('tables-growing', 'bounds, by tables', ok, ['grow-too-much'], { says: /^returned 1$/m }),
];

const bounds: readonly GuestAttack[] = [
  {
    kind: 'guest',
    name: 'boundary: every access below address 0 and past the end',
    attacks: "the engine's memory, by addresses",
    function: 'boundary',
    targets: boundaryTargets,
    ends: trap,
    rounds: 1,
    afterwards: pristine,
  },
  ...of(
    'scan',
    "others' secrets, by looking for them",
    ok,
    ['own-memory', 'grown-memory', 'other-memory', 'host-buffers'],
    { method: 'POST', body: 'x'.repeat(100) },
  ),
];

/** Nothing is answered but a head, as that is all that gets out before the limit. */
const output: readonly GuestAttack[] = [
  ...of(
    'output',
    'stdout, by floods',
    ['cut', ...cpu, ...badResponse],
    ['flood', 'flood-in-bytes', 'flood-in-vectors', 'vectors-of-one-byte', 'writes-of-nothing'],
  ),
  ...of('output', 'stdout, by floods of many at once', ['cut', ...cpu, ...badResponse], ['flood', 'flood-in-bytes'], {
    atOnce: 16,
  }),
  ...of('output', 'stdout, by lists that lie', ok, ['too-many-vectors'], { says: /returned 26$/m }),
  ...of('output', 'stdout, by lists that lie', ok, ['vectors-that-lie']),
  ...of('output', 'heads, by floods', badResponse, ['head-without-end', 'head-of-line-ends']),
  // Which of the limits comes first is a matter of the machine's speed.
  ...of('output', 'heads, by floods', [...badResponse, ...cpu], ['head-in-bytes', 'head-of-headers-without-end']),
  ...of('output', 'the log, by floods', cpu, ['log-flood', 'log-in-bytes', 'log-of-lines']),
  ...of('output', 'the log, by floods', ok, ['log-of-controls', 'log-then-answer']),
  ...of('output', 'descriptors, by moving them', noResponse, ['close-all', 'move-stdout']),
  ...of('output', 'descriptors, by moving them', cpu, ['move-all']),
  ...of('output', 'descriptors, by moving them', ok, ['wrong-way']),
  ...by('crash', 'responses', ['200', ...badResponse], ['header-bytes=65000', 'headers=99']),
  ...by('crash', 'responses', badResponse, [
    'header-bytes=70000',
    'headers=101',
    'headers=100000',
    'garbage',
    'space',
    'control',
    'bad-status',
    'no-name',
    'bad-length',
    'two-lengths',
    'hop',
    'folded',
    'binary',
    'no-end',
    'short',
    'long',
  ]),
  ...by('crash', 'responses', [...trap, 'cut'], ['half', 'half-exit=3']),
];

const host: readonly GuestAttack[] = [
  ...of('host', 'waiting, by sleeping for ever', wall, ['poll-forever', 'poll-until-the-end-of-time']),
  ...of('host', 'waiting, by many at once', wall, ['poll-forever'], { atOnce: 48, rounds: 1 }),
  // Which of the limits comes first is a matter of the machine's speed.
  ...of('host', 'waiting, for a moment and for ever', [...cpu, ...wall], ['poll-moments'], { atOnce: 48, rounds: 1 }),
  ...of(
    'host',
    'waiting, by floods of polls',
    [...cpu, ...wall],
    ['poll-past-moments', 'poll-many', 'poll-many-that-wait', 'poll-overlapping', 'poll-streams'],
  ),
  ...of('host', 'waiting, and waking all at once', [...cpu, ...wall], ['nap-and-spin'], { atOnce: 48, rounds: 1 }),
  ...of('host', 'waiting, between the bytes of a head', wall, ['head-in-moments'], { atOnce: 48, rounds: 1 }),
  ...of('host', 'waiting, by polls that lie', ok, ['poll-too-many', 'poll-unknown']),
  ...of('host', 'randomness', [...cpu, ...wall], ['random-all']),
  ...of('host', 'randomness', ok, ['random-lies']),
  ...of('host', 'host calls, by pointers that lie', ok, ['environ-lies']),
  ...of('host', 'host calls, by making them for ever', cpu, [
    'environ-forever',
    'clock-forever',
    'yield-forever',
    'stat-forever',
    'bad-descriptor-forever',
    'sockets-forever',
    'read-the-end-forever',
    'read-nothing-forever',
  ]),
  ...of('host', 'files, where there are none', ok, ['open-files']),
  ...of('host', 'stdin', [...ok, ...cpu], ['read-by-bytes', 'read-all'], {
    method: 'POST',
    body: () => 'b'.repeat(300_000),
  }),
  ...of('host', 'stdin, after the answer', ok, ['answer-then-read'], {
    method: 'POST',
    body: () => 'b'.repeat(300_000),
    says: /^returned 0$/m,
  }),
  ...by(
    'sleeper',
    'waiting, by sleeping for ever',
    [...wall, 'cut'],
    ['ms=3600000', 'ms=3600000&head', 'ms=3600000&absolute'],
  ),
];

/** Heads and bodies as a hostile program writes them, and how each has to come out. */
const heads: readonly (readonly [name: string, ends: readonly string[], response: string])[] = [
  ['a line end in a value', badResponse, 'Content-Type: a\rSet-Cookie: x=1\n\nbody'],
  ['a NUL in a value', badResponse, 'X-A: a\0b\n\nbody'],
  ['a NUL in a name', badResponse, 'X\0A: b\n\nbody'],
  ['DEL in a value', badResponse, 'X-A: a\x7fb\n\nbody'],
  ['an escape sequence in a value', badResponse, 'X-A: \x1b[2J\n\nbody'],
  ['a folded line', badResponse, 'X-A: a\n b\n\nbody'],
  ['a space before the colon', badResponse, 'X-A : b\n\nbody'],
  ['a name in quotes', badResponse, '"X": b\n\nbody'],
  ['no name', badResponse, ': b\n\nbody'],
  ['no colon', badResponse, 'HTTP/1.1 200 OK\nX-A: b\n\nbody'],
  ['an empty head', badResponse, '\nbody'],
  ['status 100', badResponse, 'Status: 100 Continue\n\nbody'],
  ['status 101', badResponse, 'Status: 101 Switching Protocols\nUpgrade: x\n\nbody'],
  ['status 199', badResponse, 'Status: 199\n\nbody'],
  ['status 600', badResponse, 'Status: 600\n\nbody'],
  ['status -200', badResponse, 'Status: -200\n\nbody'],
  ['status 2000', badResponse, 'Status: 2000\n\nbody'],
  ['status two hundred', badResponse, 'Status: two hundred\n\nbody'],
  ['two statuses', badResponse, 'Status: 200\nStatus: 404\n\nbody'],
  ['a reason with a line end', badResponse, 'Status: 200 OK\rX: y\n\nbody'],
  ['a length that is too long', badResponse, 'Content-Length: 100\n\nbody'],
  ['a length that is too short', badResponse, 'Content-Length: 2\n\nbody'],
  ['a length that is negative', badResponse, 'Content-Length: -4\n\nbody'],
  ['a length in hexadecimal', badResponse, 'Content-Length: 0x4\n\nbody'],
  ['a length with a sign', badResponse, 'Content-Length: +4\n\nbody'],
  ['a length of 10^30', badResponse, `Content-Length: 1${'0'.repeat(30)}\n\nbody`],
  ['two lengths', badResponse, 'Content-Length: 4\nContent-Length: 5\n\nbody'],
  ['a list of lengths', badResponse, 'Content-Length: 4, 4\n\nbody'],
  ['a length and chunks', badResponse, 'Content-Length: 4\nTransfer-Encoding: chunked\n\nbody'],
  ['chunks', badResponse, 'Transfer-Encoding: chunked\n\n4\r\nbody\r\n0\r\n\r\n'],
  ['chunks by another name', badResponse, 'TRANSFER-ENCODING: gzip, chunked\n\nbody'],
  [
    'a second response in the body',
    ok,
    'Content-Type: text/plain\nContent-Length: 44\n\nHTTP/1.1 200 OK\r\nX-A: b\r\n\r\nHTTP/1.1 200 OK\r\n',
  ],
  ['an upgrade', ok, 'Upgrade: websocket\nConnection: Upgrade\nContent-Type: text/plain\n\nbody'],
  ['a connection that is not its own', ok, 'Connection: close, X-A\nKeep-Alive: timeout=1000000\nX-A: b\n\nbody'],
  ['trailers announced', ok, 'Trailer: X-A\nX-A: b\n\nbody'],
  ['headers of the protocol', ok, 'Date: never\nServer: other\nVia: x\nX-A: b\n\nbody'],
  ['a redirect that splits', badResponse, 'Location: /\r\r\nSet-Cookie: x\n\n'],
  ['a redirect to a script', ['302'], 'Location: javascript:alert(1)\n\n'],
  ['bytes above ASCII in a value', ok, 'X-A: \xe2\x80\xa8\xff\n\nbody'],
  ['a hundred cookies', badResponse, `${'Set-Cookie: a=b\n'.repeat(101)}\nbody`],
  ['a body for 204', ['204'], 'Status: 204\nContent-Length: 4\n\nbody'],
  ['a body for 304', ['304'], 'Status: 304\nContent-Length: 4\n\nbody'],
];

const responses: readonly GuestAttack[] = heads.map(([name, ends, response]) => ({
  kind: 'guest',
  name: `relay: ${name}`,
  attacks: 'responses, by their heads',
  function: 'relay',
  targets: ['?1'],
  method: 'POST',
  body: response,
  ends,
  says: /^(?:body)?|^HTTP/,
  afterwards: pristine,
}));

/** All of them. */
export const guestAttacks: readonly GuestAttack[] = [
  ...loops,
  ...exceptions,
  ...stacks,
  ...endings,
  ...memories,
  ...rewinds,
  ...residue,
  ...tables,
  ...bounds,
  ...output,
  ...host,
  ...responses,
];
