/** What hostile clients do to the socket, and how each of it has to end. */
import type { ClientAttack, Step } from './attack.ts';
import { attackNumber } from './functions.ts';

type Options = Partial<Omit<ClientAttack, 'kind' | 'name' | 'attacks' | 'steps' | 'ends'>>;
type Case = readonly [name: string, ends: readonly string[], sent: string | readonly Step[], options?: Options];

/** Ends of a connection: all its answers, joined by commas, and `then closed` where the node has to close it by itself. */
const bad = ['400 bad_request then closed'] as const;
/** What begins as an answer and goes wrong is cut. */
const broken = ['400 bad_request then closed', '413 request_too_large then closed', 'cut then closed'] as const;
const noRoute = ['404 no_route'] as const;
const ok = ['200'] as const;

function attacks(what: string, cases: readonly Case[]): ClientAttack[] {
  return cases.map(([name, ends, sent, options = {}]) => ({
    kind: 'client',
    name,
    attacks: what,
    steps: typeof sent === 'string' ? [{ send: sent }] : sent,
    ends,
    ...options,
  }));
}

/** A request that is right, for a function that answers `pristine`. */
const plain = 'GET /host/ HTTP/1.1\r\nHost: x\r\n\r\n';

function get(target: string, headers = ''): string {
  return `GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
}

/** A POST with these headers and this behind them. */
function post(headers: string, rest: string): string {
  return `POST /stdin/?echo HTTP/1.1\r\nHost: x\r\n${headers}\r\n${rest}`;
}

function query(name: string, attack: string): string {
  return `/${name}/?${attackNumber(name, attack)}`;
}

/** What must never be answered: the request that another one smuggles in its body. */
const hidden = 'GET /victim/?1&666 HTTP/1.1\r\nHost: x\r\n\r\n';
const chunked = 'Transfer-Encoding: chunked\r\n';

const smuggling = attacks('the border between two requests', [
  ['both a length and chunks', bad, post(`Content-Length: 5\r\n${chunked}`, `0\r\n\r\n${hidden}`)],
  ['chunks and then a length', bad, post(`${chunked}Content-Length: 5\r\n`, `0\r\n\r\n${hidden}`)],
  ['two lengths', bad, post(`Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n`, hidden)],
  ['the same length twice', bad, post('Content-Length: 4\r\nContent-Length: 4\r\n', `body${hidden}`)],
  ['a list of lengths', bad, post('Content-Length: 4, 4\r\n', `body${hidden}`)],
  ['a length with a sign', bad, post('Content-Length: +4\r\n', `body${hidden}`)],
  ['a negative length', bad, post('Content-Length: -4\r\n', `body${hidden}`)],
  ['a length in hexadecimal', bad, post('Content-Length: 0x4\r\n', `body${hidden}`)],
  ['a length in octal digits', ['200'], post('Content-Length: 0000000004\r\n', 'body')],
  ['a length past 64 bits', bad, post('Content-Length: 18446744073709551620\r\n', `body${hidden}`)],
  ['a length with a space within', bad, post('Content-Length: 4 4\r\n', `body${hidden}`)],
  ['an empty length', ['400 bad_request then closed', '200 then closed'], post('Content-Length: \r\n', '')],
  ['a length with a form feed', bad, post('Content-Length: \f4\r\n', `body${hidden}`)],
  ['chunks twice', bad, post(`${chunked}${chunked}`, `0\r\n\r\n${hidden}`)],
  [
    'chunks that are not the last encoding',
    bad,
    post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${hidden}`),
  ],
  ['chunks twice in one line', bad, post('Transfer-Encoding: chunked, chunked\r\n', `0\r\n\r\n${hidden}`)],
  ['an unknown encoding', bad, post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${hidden}`)],
  ['identity', bad, post('Transfer-Encoding: identity\r\n', hidden)],
  ['chunks in quotes', bad, post('Transfer-Encoding: "chunked"\r\n', `0\r\n\r\n${hidden}`)],
  ['chunks behind a vertical tab', bad, post('Transfer-Encoding: \u000bchunked\r\n', `0\r\n\r\n${hidden}`)],
  ['chunks on a folded line', bad, post('Transfer-Encoding:\r\n chunked\r\n', `0\r\n\r\n${hidden}`)],
  ['a space before the colon', bad, post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${hidden}`)],
  ['a NUL in the name', bad, post('Transfer\0-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`)],
  [
    'an encoding for HTTP/1.0',
    ['400 bad_request then closed', '200 then closed'],
    `POST /stdin/ HTTP/1.0\r\nHost: x\r\n${chunked}\r\n0\r\n\r\n`,
  ],
  ['a body of a GET that is a request', ['200'], get('/host/', `Content-Length: ${hidden.length}\r\n`) + hidden],
  [
    'a body of a HEAD that is a request',
    ['200'],
    `HEAD /host/ HTTP/1.1\r\nHost: x\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    { withinMs: 1000 },
  ],
]);

const chunks = attacks('chunks', [
  ['a size past 64 bits', bad, post(chunked, `10000000000000000\r\nx\r\n0\r\n\r\n${hidden}`)],
  ['a size of all ones', broken, post(chunked, 'FFFFFFFFFFFFFFFF\r\nx'), { withinMs: 4000 }],
  ['a size of 2^63', broken, post(chunked, '8000000000000000\r\nx'), { withinMs: 4000 }],
  ['a negative size', bad, post(chunked, `-1\r\nx\r\n0\r\n\r\n${hidden}`)],
  ['a size with 0x', bad, post(chunked, `0x1\r\nx\r\n0\r\n\r\n${hidden}`)],
  ['a size with spaces before', bad, post(chunked, ` 1\r\nx\r\n0\r\n\r\n${hidden}`)],
  ['a size with spaces behind', bad, post(chunked, `1 \r\nx\r\n0\r\n\r\n${hidden}`)],
  ['a size with bare line feeds', bad, post(chunked, `1\nx\n0\n\n${hidden}`)],
  ['an empty size', bad, post(chunked, `\r\nx\r\n0\r\n\r\n${hidden}`)],
  ['a chunk longer than it says', bad, post(chunked, `1\r\nxx\r\n0\r\n\r\n${hidden}`)],
  ['an extension', ['200'], post(chunked, '1;a=b\r\nx\r\n0\r\n\r\n')],
  ['an extension of 20 KB', bad, post(chunked, `1;a=${'b'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`)],
  ['20,000 extensions of one byte', ['200', ...broken], post(chunked, `${'1;a\r\nx\r\n'.repeat(20_000)}0\r\n\r\n`)],
  ['an extension with a bare line feed', bad, post(chunked, `1;a\nx\r\n0\r\n\r\n${hidden}`)],
  ['an extension with a NUL', bad, post(chunked, `1;a\0\r\nx\r\n0\r\n\r\n${hidden}`)],
  [
    '100,000 chunks of one byte',
    ['200', '503 cpu_limit', ...broken],
    post(chunked, `${'1\r\nx\r\n'.repeat(100_000)}0\r\n\r\n`),
  ],
  ['a trailer', ['200'], post(chunked, '1\r\nx\r\n0\r\nX-A: b\r\n\r\n')],
  ['a trailer that is a length', ['200', '400 bad_request'], post(chunked, '1\r\nx\r\n0\r\nContent-Length: 5\r\n\r\n')],
  [
    'a flood of trailers',
    ['431 headers_too_large then closed', '400 bad_request then closed', '200 then closed'],
    post(chunked, `1\r\nx\r\n0\r\n${'X-A: b\r\n'.repeat(20_000)}\r\n`),
  ],
]);

const lines = attacks('lines', [
  ['bare line feeds', bad, 'GET /host/ HTTP/1.1\nHost: x\n\n'],
  ['bare carriage returns', bad, 'GET /host/ HTTP/1.1\rHost: x\r\r'],
  ['a carriage return in a value', bad, get('/host/', 'X-A: a\rb\r\n')],
  ['a line feed in a value', bad, get('/host/', 'X-A: a\nX-B: b\r\n')],
  ['a NUL in a value', bad, get('/host/', 'X-A: a\0b\r\n')],
  ['an escape sequence in a value', bad, get('/host/', 'X-A: \x1b[2J\r\n')],
  ['a folded line', bad, get('/host/', 'X-A: a\r\n b\r\n')],
  ['a folded first line', bad, 'GET /host/ HTTP/1.1\r\n Host: x\r\n\r\n'],
  ['a line without a colon', bad, get('/host/', 'X-A\r\n')],
  ['an empty name', bad, get('/host/', ': a\r\n')],
  ['a name with a space', bad, get('/host/', 'X A: b\r\n')],
  ['a name above ASCII', bad, get('/host/', 'X-\xc3\xa4: b\r\n')],
  ['a value above ASCII', ok, get('/host/', 'X-A: \xff\xfe\r\n')],
  ['empty lines before', ['200', '400 bad_request then closed'], `\r\n\r\n${plain}`],
  ['a thousand empty lines before', ['200', '400 bad_request then closed'], `${'\r\n'.repeat(1000)}${plain}`],
]);

const requestLines = attacks('the request line', [
  ['HTTP/0.9', bad, 'GET /\r\n\r\n'],
  ['HTTP/1.2', ['400 bad_request then closed', '200'], 'GET /host/ HTTP/1.2\r\nHost: x\r\n\r\n'],
  ['HTTP/2.0', bad, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/9.9', bad, 'GET /host/ HTTP/9.9\r\nHost: x\r\n\r\n'],
  ['HTTP/1.10', bad, 'GET /host/ HTTP/1.10\r\nHost: x\r\n\r\n'],
  ['another protocol', bad, 'GET /host/ ICE/1.0\r\nHost: x\r\n\r\n'],
  ['no version', bad, 'GET /host/\r\nHost: x\r\n\r\n'],
  ['two spaces', ['200', ...bad], 'GET  /host/ HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['tabs', bad, 'GET\t/host/\tHTTP/1.1\r\nHost: x\r\n\r\n'],
  ['words behind the version', bad, 'GET /host/ HTTP/1.1 x\r\nHost: x\r\n\r\n'],
  ['an unknown method', bad, 'BREAK /host/ HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a method in small letters', bad, 'get /host/ HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a method of 100 KB', bad, `${'A'.repeat(100_000)} / HTTP/1.1\r\nHost: x\r\n\r\n`],
  ['TRACE', ['200', '400 bad_request then closed', '405'], 'TRACE /host/ HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['CONNECT', ['400 bad_request then closed'], 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n'],
  ['a TLS handshake', bad, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['an SSH greeting', bad, 'SSH-2.0-OpenSSH_9.0\r\n'],
  ['a megabyte of zeros', bad, '\0'.repeat(1_000_000)],
  ['a PROXY line', bad, `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${plain}`],
]);

const targets = attacks('the target', [
  ['nothing', bad, 'GET  HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['no slash', bad, get('host')],
  ['an asterisk', ['404 no_route', '400 bad_request then closed'], get('*')],
  ['an asterisk for OPTIONS', noRoute, 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['an authority', bad, get('example.org:80')],
  ['a whole URL', ok, get('http://other.example/host/')],
  ['a whole URL of another scheme', bad, get('file:///etc/passwd')],
  ['a whole URL with a password', ['400 bad_request then closed', '404 no_route'], get('http://a:b@x/host/')],
  ['a path out of the route', bad, get('/host/../victim/')],
  ['a path out of the route, encoded', bad, get('/host/%2e%2E/victim/')],
  ['a path out of the route, half encoded', bad, get('/host/.%2e/victim/')],
  ['a path of one dot', bad, get('/./host/')],
  ['backslashes', bad, get('/host\\..\\victim/')],
  ['two slashes', noRoute, get('//host/')],
  ['an encoded slash', noRoute, get('/host%2f')],
  ['another case', noRoute, get('/HOST/')],
  ['a fragment', bad, get('/host/#a')],
  ['a space', bad, get('/host/ a')],
  ['bytes above ASCII', bad, get('/host/\xc3\xa4')],
  ['a control byte', bad, get('/host/\x01')],
  ['DEL', bad, get('/host/\x7f')],
  ['a NUL', bad, get('/host/\0')],
  ['an encoded NUL', ['400 bad_request'], get('/host/%00')],
  ['a percent sign', bad, get('/host/%')],
  ['a percent sign and one digit', bad, get('/host/%4')],
  ['a percent sign and no digits', bad, get('/host/%zz')],
  ['an encoding that is no UTF-8', ['400 bad_request'], get('/host/%ff%fe')],
  ['an overlong encoding', ['400 bad_request'], get('/host/%c0%ae%c0%ae/')],
  ['an encoded line end', ['200', '400 bad_request then closed'], get('/host/%0d%0aX-A:%20b')],
  ['a broken percent sign in the query', ok, get('/host/?%zz')],
  ['15,000 slashes', noRoute, get(`/${'/'.repeat(15_000)}`)],
  ['a path of 17 KB', ['431 headers_too_large then closed'], get(`/host/${'a'.repeat(17_000)}`)],
  ['a path of 10 MB', ['431 headers_too_large then closed'], get(`/host/${'a'.repeat(10_000_000)}`)],
]);

const hosts = attacks('the host', [
  ['none', bad, 'GET /host/ HTTP/1.1\r\n\r\n'],
  ['none in HTTP/1.0', ['200 then closed'], 'GET /host/ HTTP/1.0\r\n\r\n'],
  ['two', bad, 'GET /host/ HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n'],
  ['an empty one', ok, 'GET /host/ HTTP/1.1\r\nHost: \r\n\r\n'],
  ['two names', bad, 'GET /host/ HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['a list', ['200', '400 bad_request then closed'], 'GET /host/ HTTP/1.1\r\nHost: a,b\r\n\r\n'],
  ['a path', bad, 'GET /host/ HTTP/1.1\r\nHost: x/../../etc\r\n\r\n'],
  ['a user', bad, 'GET /host/ HTTP/1.1\r\nHost: a@x\r\n\r\n'],
  ['a port that is none', bad, 'GET /host/ HTTP/1.1\r\nHost: x:999999\r\n\r\n'],
  ['a port that is no number', bad, 'GET /host/ HTTP/1.1\r\nHost: x:y\r\n\r\n'],
  ['half an address', bad, 'GET /host/ HTTP/1.1\r\nHost: [::1\r\n\r\n'],
  ['an address that is none', bad, 'GET /host/ HTTP/1.1\r\nHost: [1:2:3]\r\n\r\n'],
  ['8 KB', ['200', '400 bad_request then closed'], `GET /host/ HTTP/1.1\r\nHost: ${'a'.repeat(8000)}\r\n\r\n`],
]);

const floods = attacks('heads and bodies, by floods', [
  [
    '101 headers',
    ['431 headers_too_large then closed', '431 headers_too_large'],
    get('/host/', 'X-A: b\r\n'.repeat(101)),
  ],
  ['100,000 headers', ['431 headers_too_large then closed'], get('/host/', 'X-A: b\r\n'.repeat(100_000))],
  ['headers of 17 KB', ['431 headers_too_large then closed'], get('/host/', `X-A: ${'b'.repeat(17_000)}\r\n`)],
  ['a header name of 17 KB', ['431 headers_too_large then closed'], get('/host/', `${'X'.repeat(17_000)}: b\r\n`)],
  [
    '90 names that are all different',
    ok,
    get('/host/', Array.from({ length: 90 }, (_, index) => `X-${index}-${index * 7919}: b\r\n`).join('')),
  ],
  ['names that meet in one variable', ok, get('/host/', 'X_Forwarded_For: 1\r\nX-Forwarded-For: 2\r\nProxy: evil\r\n')],
  [
    'a length of 100 GB',
    ['413 request_too_large then closed', '413 request_too_large'],
    post('Content-Length: 100000000000\r\n', 'x'),
    { withinMs: 4000 },
  ],
  [
    'a length of 2^53',
    ['413 request_too_large then closed', '400 bad_request then closed'],
    post('Content-Length: 9007199254740993\r\n', 'x'),
    { withinMs: 4000 },
  ],
  [
    'a body past the limit in chunks',
    broken,
    [{ send: post(chunked, '') }, { send: `40000\r\n${'x'.repeat(0x40000)}\r\n`, repeat: 40 }],
    { withinMs: 6000 },
  ],
  [
    'a body past the limit for a function that does not read',
    ['413 request_too_large then closed', '200 then closed'],
    [
      { send: `POST /stdin/?ignore HTTP/1.1\r\nHost: x\r\n${chunked}\r\n` },
      { send: `40000\r\n${'x'.repeat(0x40000)}\r\n`, repeat: 40 },
    ],
    { withinMs: 6000 },
  ],
  [
    'a promise of a body, and an expectation',
    ['100,200', '200'],
    [{ send: post('Content-Length: 4\r\nExpect: 100-continue\r\n', '') }, { waitMs: 100 }, { send: 'body' }],
  ],
  ['an expectation that nobody knows', ['417'], post('Content-Length: 4\r\nExpect: 200-maybe\r\n', 'body')],
  [
    'an upgrade to a web socket',
    ok,
    get(
      '/host/',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n',
    ),
  ],
  [
    'an upgrade to HTTP/2',
    ok,
    get('/host/', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'),
  ],
]);

const pipelines = attacks('many requests on one connection', [
  ['50 requests at once', [Array.from({ length: 50 }, () => '200').join(',')], plain.repeat(50)],
  [
    '120 requests at once',
    [
      /* cut: more than may wait */ 'some 200 then closed',
      'none then closed',
      Array.from({ length: 120 }, () => '200').join(','),
    ],
    plain.repeat(120),
  ],
  ['100,000 requests at once', ['some 200 then closed', 'none then closed'], plain.repeat(100_000)],
  [
    '20 hogs at once',
    [Array.from({ length: 20 }, () => '503 cpu_limit').join(',')],
    get(query('loops', 'empty')).repeat(20),
    { withinMs: 10_000 },
  ],
  ['a request behind a hog', ['503 cpu_limit,200'], get(query('loops', 'empty')) + plain],
  ['a request behind one that is wrong', bad, `GET /host/%zz HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`],
  [
    'rubbish behind a request',
    ['200,400 bad_request then closed', '200 then closed'],
    `${plain}rubbish\r\n\r\n${hidden}`,
  ],
  [
    'rubbish behind a request that sleeps',
    ['504 wall_limit,400 bad_request then closed', '504 wall_limit then closed', '400 bad_request then closed'],
    `${get('/sleeper/?ms=60000')}rubbish\r\n\r\n`,
    { withinMs: 5000 },
  ],
  ['half a request behind a request', ['200'], `${plain}GET /host/ HT`],
]);

const aborts = attacks('by leaving', [
  ['before a byte', ['none'], [{ leave: 'close' }], { connections: 50 }],
  ['after a byte', ['none', '400 bad_request then closed'], [{ send: 'G' }, { leave: 'close' }], { connections: 50 }],
  [
    'amid the head',
    ['none', '400 bad_request then closed'],
    [{ send: plain.slice(0, 30) }, { leave: 'reset' }],
    { connections: 50 },
  ],
  [
    'amid the body',
    ['none', 'cut', ...bad],
    [{ send: post('Content-Length: 100000\r\n', 'x'.repeat(50_000)) }, { waitMs: 20 }, { leave: 'reset' }],
    { connections: 50 },
  ],
  ['right after the request', ['none', '200'], [{ send: plain }, { leave: 'reset' }], { connections: 100 }],
  [
    'while the guest spins',
    ['none'],
    [{ send: get(query('loops', 'empty')) }, { waitMs: 10 }, { leave: 'reset' }],
    { connections: 20 },
  ],
  [
    'while the guest sleeps',
    ['none'],
    [{ send: get('/sleeper/?ms=60000') }, { waitMs: 50 }, { leave: 'reset' }],
    { connections: 50 },
  ],
  [
    'while the guest waits for the body',
    ['none', 'cut', ...bad],
    [{ send: post('Content-Length: 500000\r\n', 'x'.repeat(100_000)) }, { waitMs: 50 }, { leave: 'close' }],
    { connections: 50 },
  ],
  [
    'amid the answer',
    ['cut', 'none'],
    [{ send: get('/writer/?bytes=4000000&chunk=65536') }, { waitMs: 10 }, { leave: 'reset' }],
    { connections: 50 },
  ],
  [
    'amid an answer that nobody reads',
    ['cut', 'none'],
    [{ reading: 'stopped' }, { send: get('/writer/?bytes=4000000') }, { waitMs: 100 }, { leave: 'reset' }],
    { connections: 50 },
  ],
  [
    'half of it, after the request',
    ['200', 'none then closed'],
    [{ send: plain }, { leave: 'half' }],
    { connections: 50 },
  ],
  [
    'half of it, while the guest sleeps',
    ['200', '200 then closed', 'none then closed', '504 wall_limit'],
    [{ send: get('/sleeper/?ms=200') }, { leave: 'half' }],
    { connections: 20, withinMs: 4000 },
  ],
  [
    'half of it, amid the body',
    ['none then closed', '400 bad_request then closed'],
    [{ send: post('Content-Length: 100\r\n', 'x') }, { leave: 'half' }],
    { connections: 20, withinMs: 4000 },
  ],
]);

const many = attacks('connections and buffers, by their number', [
  [
    '2,000 connections that say nothing',
    ['none', 'none then closed'],
    [{ waitMs: 1500 }, { leave: 'close' }],
    { connections: 2000, rounds: 1 },
  ],
  [
    '1,000 connections with half a head',
    ['none', 'none then closed'],
    [{ send: plain.slice(0, 30) }, { waitMs: 1500 }, { leave: 'close' }],
    { connections: 1000, rounds: 1 },
  ],
  [
    '1,000 connections with a request each',
    ['200', '503 overloaded', '504 wall_limit'],
    [{ send: plain }],
    { connections: 1000, withinMs: 20_000 },
  ],
  [
    '500 connections with a large answer that nobody reads',
    ['none', 'cut'],
    [{ reading: 'stopped' }, { send: get('/writer/?bytes=480000&chunk=65536') }, { waitMs: 3000 }, { leave: 'reset' }],
    { connections: 500, rounds: 1 },
  ],
  [
    '200 connections with 100 large answers each that nobody reads',
    ['none', 'cut', '200'],
    [
      { reading: 'stopped' },
      { send: get('/writer/?bytes=480000&chunk=65536').repeat(100) },
      { waitMs: 3000 },
      { leave: 'reset' },
    ],
    { connections: 200, rounds: 1 },
  ],
  [
    '3,000 connections with a small body that never becomes whole',
    ['none', 'none then closed', '408 request_timeout then closed'],
    [{ send: post('Content-Length: 60000\r\n', 'x'.repeat(20_000)) }, { waitMs: 3000 }, { leave: 'close' }],
    { connections: 3000, rounds: 1 },
  ],
  [
    '1,000 connections that leave while their requests wait behind hogs',
    ['none'],
    [{ send: get(query('loops', 'empty')) }, { waitMs: 5 }, { leave: 'reset' }],
    { connections: 1000, rounds: 1 },
  ],
  [
    '100 connections with an answer in bytes that nobody reads',
    ['none', 'cut'],
    [{ reading: 'stopped' }, { send: get(query('output', 'flood-in-bytes')) }, { waitMs: 6000 }, { leave: 'reset' }],
    { connections: 100, rounds: 1 },
  ],
  [
    '300 connections with a body that stops halfway',
    // A machine that is busy with much else turns some of them away.
    ['none', 'cut', '503 overloaded', ...bad],
    [{ send: post('Content-Length: 1000000\r\n', 'x'.repeat(300_000)) }, { waitMs: 1500 }, { leave: 'reset' }],
    { connections: 300, rounds: 1 },
  ],
  [
    'a reader of one answer byte by byte',
    ['200'],
    [{ reading: 'stopped' }, { send: get('/writer/?bytes=3000000') }, { waitMs: 1000 }, { reading: 'resumed' }],
    { connections: 5, withinMs: 10_000 },
  ],
]);

/** Slow ones: they take as long as the node gives them. */
const slow = attacks('time, by being slow', [
  [
    'a head byte by byte',
    ['408 request_timeout then closed'],
    [{ send: 'GET /host/ HTTP/1.1\r\nHost: x\r\n' }, { send: 'X-A: b\r\n', repeat: 26, everyMs: 500 }],
    { connections: 20, withinMs: 4000, rounds: 1 },
  ],
  [
    'a body byte by byte',
    ['200'],
    [{ send: post('Content-Length: 20\r\n', '') }, { send: 'x', repeat: 20, everyMs: 100 }],
    { connections: 50, rounds: 1 },
  ],
  [
    'a large body byte by byte',
    ['504 wall_limit then closed', 'cut then closed'],
    [{ send: post('Content-Length: 100000\r\n', '') }, { send: 'x', repeat: 30, everyMs: 100 }],
    { connections: 20, withinMs: 4000, rounds: 1 },
  ],
  [
    'an answer that nobody reads',
    ['cut', 'none', 'cut then closed', 'none then closed'],
    [{ reading: 'stopped' }, { send: get(query('output', 'flood')) }, { waitMs: 3000 }, { reading: 'resumed' }],
    { connections: 20, withinMs: 4000, rounds: 1 },
  ],
]);

/** All of them. */
export const clientAttacks: readonly ClientAttack[] = [
  ...smuggling,
  ...chunks,
  ...lines,
  ...requestLines,
  ...targets,
  ...hosts,
  ...floods,
  ...pipelines,
  ...aborts,
  ...many,
  ...slow,
];
