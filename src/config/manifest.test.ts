import assert from 'node:assert/strict';
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
[build]
command = "make"
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
[example]
try = ["/hello/world"]
`,
    'mayfly.toml',
  );
  assert.deepEqual(manifest, {
    name: 'hello',
    main: 'hello.wasm',
    build: { command: 'make' },
    routes: [{ path: '/hello/*' }, { path: '/hi', host: '*.example.org' }],
    limits: { cpuMs: 20, memoryBytes: 67_108_864 },
    vars: { GREETING: 'hi' },
    example: { try: ['/hello/world'] },
  });
});

test('parseManifest fills in what need not be said', () => {
  assert.deepEqual(parseManifest('name = "a"\nmain = "a.wasm"', 'mayfly.toml'), {
    name: 'a',
    main: 'a.wasm',
    routes: [],
    limits: {},
    vars: {},
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
  ['bindings, which are later work', 'name = "a"\nmain = "x"\n[bindings]\n'],
];
for (const [name, source] of refused) {
  test(`parseManifest refuses ${name}`, () => assert.equal(mistakesOf(source).length, 1));
}

const badPaths = ['', 'x', '/*/x', '/a*', '/a?b', '/a#b', '//a', '/a//b', '/a/../b', '/./a', '/a b', '/%zz', '/ä'];
for (const path of badPaths) {
  test(`parseManifest refuses the route path ${JSON.stringify(path)}`, () => {
    assert.equal(mistakesOf(`name = "a"\nmain = "x"\n[[routes]]\npath = ${JSON.stringify(path)}`).length, 1);
  });
}

for (const path of ['/', '/*', '/a', '/a/', '/a/*', '/a.b/c-d_~/%20', '/.well-known/*']) {
  test(`parseManifest accepts the route path ${path}`, () => {
    assert.deepEqual(mistakesOf(`name = "a"\nmain = "x"\n[[routes]]\npath = "${path}"`), []);
  });
}

for (const host of ['Example.org', 'example.org:80', '*', '*.', 'a.*.b', '-a', '']) {
  test(`parseManifest refuses the route host ${JSON.stringify(host)}`, () => {
    assert.equal(mistakesOf(`name = "a"\nmain = "x"\n[[routes]]\npath = "/"\nhost = "${host}"`).length, 1);
  });
}
