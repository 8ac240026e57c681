import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isMayflyError } from '../base/mod.ts';
import { parseManifest } from './manifest.ts';

function mistakesOf(source: string): readonly string[] {
  try {
    parseManifest(source, 'mayfly.toml');
  } catch (error) {
    if (isMayflyError(error) && 'mistakes' in error.params) return error.params.mistakes;
    throw error;
  }
  return [];
}

test('parseManifest reads a whole manifest', () => {
  const manifest = parseManifest(
    `
name = "hello"
main = "hello.wasm"
secrets = ["API_KEY"]
[build]
command = "make"
watch = ["src"]
[[routes]]
path = "/hello/*"
[[routes]]
path = "/hi"
host = "*.example.org"
[limits]
cpuMs = 20
memoryBytes = "64MiB"
[vars]
GREETING = "hi"
[allow]
hosts = ["api.example.org:443", "*.example.org", "[2001:db8::7]:8443", "192.0.2.7:80"]
[example]
try = ["/hello/world"]
`,
    'mayfly.toml',
  );
  assert.deepEqual(manifest, {
    name: 'hello',
    main: 'hello.wasm',
    secrets: ['API_KEY'],
    build: { command: 'make', watch: ['src'] },
    routes: [{ path: '/hello/*' }, { path: '/hi', host: '*.example.org' }],
    limits: { cpuMs: 20, memoryBytes: 67_108_864 },
    vars: { GREETING: 'hi' },
    allow: {
      hosts: [
        { host: 'api.example.org', port: 443 },
        { host: '*.example.org' },
        { host: '2001:db8::7', port: 8443 },
        { host: '192.0.2.7', port: 80 },
      ],
    },
    bindings: {},
    example: { try: ['/hello/world'] },
  });
});

test('parseManifest reads the manifest that the reference shows', () => {
  const source = readFileSync(new URL('../../tools/reference-manifest.toml', import.meta.url));
  assert.equal(parseManifest(source, 'mayfly.toml').name, 'orders');
});

test('parseManifest fills in what need not be said', () => {
  assert.deepEqual(parseManifest('name = "a"\nmain = "a.wasm"', 'mayfly.toml'), {
    name: 'a',
    main: 'a.wasm',
    routes: [],
    limits: {},
    vars: {},
    secrets: [],
    allow: { hosts: [] },
    bindings: {},
  });
});

test('parseManifest tells all mistakes at once, by line and column', () => {
  const mistakes = mistakesOf(`nam = "A"
routes = [{ path = "x", hst = "h" }] # a comment with [brackets] and "quotes"
text = """
[limits]
cpuMs = 3
"""
[limits]
cpuMs = 1.5
  memoryByte = 3
[vars]
A = 3
"a-b" = "c"
[exampel]
try = ["/a"]
`);
  const places = mistakes.map((mistake) => mistake.split(': ')[0]);
  assert.deepEqual(places, ['1:1', '1:1', '1:1', '2:13', '2:25', '3:1', '8:1', '9:3', '11:1', '12:1', '13:1']);
  assert.match(mistakes.join('\n'), /nam is not a key of a manifest, did you mean name\?/);
  assert.match(mistakes.join('\n'), /routes\[0\]\.hst is not a key of \[routes\], did you mean host\?/);
});

test('parseManifest finds the right one of several routes', () => {
  assert.deepEqual(
    mistakesOf('name = "x"\nmain = "x"\n[[routes]]\npath = "/a"\n[[routes]]\npath = "/b"\nhost = "EX"\n').map(
      (m) => m.split(':')[0],
    ),
    ['7'],
  );
});

const refused: readonly (readonly [string, string])[] = [
  ['a syntax error', 'name = "a\n'],
  ['a key given twice', 'name = "a"\nname = "b"\nmain = "x"'],
  ['__proto__', 'name = "a"\nmain = "x"\n__proto__ = 1'],
  ['a name in upper case', 'name = "A"\nmain = "x"'],
  ['a main that is absolute', 'name = "a"\nmain = "/x"'],
  ['an empty build command', 'name = "a"\nmain = "x"\n[build]\ncommand = ""'],
  ['a build without a command', 'name = "a"\nmain = "x"\n[build]\n'],
  ['a limit as a table', 'name = "a"\nmain = "x"\nlimits = 3'],
  ['a path to try without a slash', 'name = "a"\nmain = "x"\n[example]\ntry = ["x"]'],
  ['a route given twice', 'name = "a"\nmain = "x"\nroutes = [{ path = "/a" }, { path = "/a" }]'],
  ['a secret given twice', 'name = "a"\nmain = "x"\nsecrets = ["A", "A"]'],
  ['a secret that no variable can be named', 'name = "a"\nmain = "x"\nsecrets = ["a-b"]'],
  ['a secret with the name of a variable', 'name = "a"\nmain = "x"\nsecrets = ["A"]\nvars = { A = "1" }'],
  ['a build command of blanks', 'name = "a"\nmain = "x"\n[build]\ncommand = "  "'],
  ['a folder to watch that is outside', 'name = "a"\nmain = "x"\n[build]\ncommand = "make"\nwatch = ["../src"]'],
  ['NUL in a name', 'name = "a\\u0000"\nmain = "x"'],
  ['NUL in main', 'name = "a"\nmain = "x\\u0000.wasm"'],
  ['NUL in a variable', 'name = "a"\nmain = "x"\nvars = { A = "\\u0000" }'],
  ['NUL in a build command', 'name = "a"\nmain = "x"\n[build]\ncommand = "make\\u0000"'],
  ['NUL itself', 'name = "a"\nmain = "\u0000"'],
  ['arrays in arrays', `name = "a"\nmain = ${'['.repeat(5000)}${']'.repeat(5000)}`],
  ['tables in tables', `name = "a"\nmain = "x"\n[vars]\n${Array.from({ length: 5000 }, () => 'a').join('.')} = 1`],
  ['more than a manifest can need', `name = "a"\nmain = "x"\n${'# and so on\n'.repeat(30_000)}`],
];
for (const [name, source] of refused) {
  test(`parseManifest refuses ${name}`, () => assert.equal(mistakesOf(source).length, 1));
}

const badPaths = [
  '',
  'x',
  '/*/*/*/*/*/x',
  `/*${'/a'.repeat(16)}`,
  '/a*',
  '/a*/b',
  '/**',
  '/a/*b/c',
  '/*//*',
  '/a?b',
  '/a#b',
  '//a',
  '/a//b',
  '/a/../b',
  '/./a',
  '/a b',
  '/%zz',
  '/ä',
];
for (const path of badPaths) {
  test(`parseManifest refuses the route path ${JSON.stringify(path)}`, () => {
    assert.equal(mistakesOf(`name = "a"\nmain = "x"\n[[routes]]\npath = ${JSON.stringify(path)}`).length, 1);
  });
}

for (const path of [
  '/',
  '/*',
  '/a/*/b',
  '/*/x',
  '/*/',
  '/*/*',
  '/*/*/*/*/x',
  `/*${'/a'.repeat(15)}/*`,
  '/a',
  '/a/',
  '/a/*',
  '/a.b/c-d_~/%20',
  '/.well-known/*',
]) {
  test(`parseManifest accepts the route path ${path}`, () => {
    assert.deepEqual(mistakesOf(`name = "a"\nmain = "x"\n[[routes]]\npath = "${path}"`), []);
  });
}

for (const host of ['Example.org', 'example.org:80', '*', '*.', 'a.*.b', '-a', '']) {
  test(`parseManifest refuses the route host ${JSON.stringify(host)}`, () => {
    assert.equal(mistakesOf(`name = "a"\nmain = "x"\n[[routes]]\npath = "/"\nhost = "${host}"`).length, 1);
  });
}

for (const main of ['../x.wasm', 'a/../../x.wasm', '..', '/etc/passwd', 'C:\\\\x.wasm', '..\\\\x.wasm', '']) {
  test(`parseManifest refuses the main ${main}`, () => {
    assert.equal(mistakesOf(`name = "a"\nmain = "${main}"`).length, 1);
  });
}

const badHosts =
  ' * https://example.org example.org/path Example.org a\tb 127.1 2130706433 0x7f.0.0.1 example.org:0 example.org:65536 example.org: ::1 [::1 [example.org]:80 [1.2.3.4] a\u0000b';
for (const host of badHosts.split(' ')) {
  test(`parseManifest refuses to allow the host ${JSON.stringify(host)}`, () => {
    assert.equal(mistakesOf(`name = "a"\nmain = "x"\n[allow]\nhosts = [${JSON.stringify(host)}]`).length, 1);
  });
}

test('parseManifest refuses a binding of a kind that is not served, by name and with what to do', () => {
  const [mistake, ...more] = mistakesOf('name = "a"\nmain = "x"\n[bindings]\nkv = ["SESSIONS"]');
  assert.deepEqual(more, []);
  assert.match(mistake ?? '', /^4:1: bindings\.kv asks for a binding of a kind .*, remove it/);
  assert.match(mistakesOf('name = "a"\nmain = "x"\n[bindings]\nkvs = ["A"]')[0] ?? '', /did you mean kv\?/);
});

test('parseManifest refuses what is not UTF-8', () => {
  assert.throws(
    () => parseManifest(Buffer.from('name = "\u00e4"', 'latin1'), 'mayfly.toml'),
    (error) => isMayflyError(error, 'bad_manifest'),
  );
});

test('parseManifest tells so many mistakes and counts the others', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `k${index} = 1`).join('\n');
  const mistakes = mistakesOf(keys);
  assert.ok(mistakes.length <= 52);
  assert.match(mistakes.at(-1) ?? '', /^and \d+ more$/);
});

test('parseManifest writes nothing that a terminal acts on', () => {
  const source = '"\\u001b[2J\\u009b" = 1\nname = "\\u001b[2J\\u202e"\nmain = "x"\n[vars]\n"\\u001b" = "x"';
  for (const mistake of mistakesOf(source)) assert.doesNotMatch(mistake, /[\p{Cc}\p{Cf}]/u);
});
