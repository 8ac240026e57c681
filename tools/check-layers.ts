/**
 * Whether dependencies run strictly downwards. Imports of types count as much as imports of values.
 *
 *     7  main.ts  mod.ts  test.ts  the ways in: of the command line, the library, and functions' tests
 *     6  cli
 *     5  node                   the only one that chooses a storage backend
 *     4  gateway  admin
 *     3  engine
 *     2  wasi  js  bindings  control
 *     1  wasm  config  storage  wasm imports no node: module
 *     0  base
 *
 * A folder is entered through its mod.ts and sees only lower ranks. A test sees all of its own folder and test/support.
 * Every external package has one home.
 */
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { type Finding, readRepository, report, type SourceFile } from './repository.ts';
import { moduleRequests, parseFile } from './syntax.ts';

/** Every folder of src/, and how high it stands. */
const ranks: ReadonlyMap<string, number> = new Map([
  ['base', 0],
  ['wasm', 1],
  ['config', 1],
  ['storage', 1],
  ['wasi', 2],
  ['js', 2],
  ['bindings', 2],
  ['control', 2],
  ['engine', 3],
  ['gateway', 4],
  ['admin', 4],
  ['node', 5],
  ['cli', 6],
]);

/** The folders of src/ that may import an external package. Tests, tools and benchmarks may import any. */
const homes: ReadonlyMap<string, readonly string[]> = new Map([
  ['commander', ['cli']],
  ['pino', ['node']],
  ['smol-toml', ['config']],
  ['undici', ['node']],
  ['zod', ['config', 'control', 'admin']],
]);

/** Files that stand in no folder of src/. */
const topFiles = new Set(['src/main.ts', 'src/mod.ts', 'src/test.ts']);

/** Everything that breaks the layering of `files`; only the .ts files among them are looked at. */
export function checkLayers(files: readonly SourceFile[]): Finding[] {
  const sources = files.filter((file) => file.path.endsWith('.ts') && /^(?:src|test|tools|bench)\//.test(file.path));
  const paths = new Set(sources.map((file) => file.path));
  const findings: Finding[] = [];
  for (const file of sources) {
    const place = unknownPlace(file.path);
    if (place !== undefined) findings.push({ path: file.path, line: 0, problem: place });
    for (const { specifier, line } of moduleRequests(parseFile(file))) {
      const problem = judge(file.path, specifier, paths);
      if (problem !== undefined) findings.push({ path: file.path, line, problem });
    }
  }
  return findings;
}

function unknownPlace(path: string): string | undefined {
  if (!path.startsWith('src/') || topFiles.has(path) || path.endsWith('.d.ts') || isTest(path)) return undefined;
  const folder = folderOf(path);
  if (folder === undefined) return 'it stands in no folder of src/, a folder is wanted';
  return ranks.has(folder) ? undefined : `src/${folder} has no rank, one in tools/check-layers.ts is wanted`;
}

/** What is wrong with `from` asking for `specifier`; undefined when nothing is. */
function judge(from: string, specifier: string | undefined, paths: ReadonlySet<string>): string | undefined {
  if (specifier === undefined) {
    return from.startsWith('src/') ? 'it imports what is only known at run time, a literal is wanted' : undefined;
  }
  if (isBuiltin(specifier)) {
    const isPure = folderOf(from) === 'wasm' && !isTest(from);
    return isPure ? `it imports ${specifier}, src/wasm is wanted free of node's modules` : undefined;
  }
  if (!specifier.startsWith('.')) return judgePackage(from, specifier);

  const target = posix.join(posix.dirname(from), specifier);
  const problem = judgeFile(from, target, paths);
  return problem === undefined ? undefined : `it imports ${target}, ${problem}`;
}

function judgePackage(from: string, specifier: string): string | undefined {
  if (!from.startsWith('src/') || isTest(from)) return undefined;
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const home = homes.get(name);
  if (home === undefined) return `it imports ${name}, which has no home folder: one in tools/check-layers.ts is wanted`;
  const folder = folderOf(from);
  if (folder !== undefined && home.includes(folder)) return undefined;
  return `it imports ${name}, which is wanted only in ${home.map((each) => `src/${each}`).join(' and ')}`;
}

/** What is wanted instead of `from` importing `target`; undefined when nothing is. */
function judgeFile(from: string, target: string, paths: ReadonlySet<string>): string | undefined {
  if (!target.startsWith('src/')) {
    if (!from.startsWith('src/') || (isTest(from) && target.startsWith('test/'))) return undefined;
    return 'only what is in src/ is wanted';
  }
  const backend = /^src\/storage\/(?<name>[^/]+)\//.exec(target)?.groups?.['name'];
  const door = backend === undefined ? `src/${folderOf(target) ?? ''}/mod.ts` : `src/storage/${backend}/mod.ts`;

  if (!from.startsWith('src/')) {
    return target === door || target === 'src/mod.ts' ? undefined : 'a mod.ts of src/ is wanted';
  }
  const folder = folderOf(from);
  const targetFolder = folderOf(target);
  if (targetFolder === undefined) {
    return isTest(from) && folder === undefined ? undefined : 'what stands on top is wanted by nobody';
  }
  if (folder === targetFolder) return isTest(from) ? undefined : judgeInside(from, target, paths);

  if (backend !== undefined && folder !== 'node') return 'a storage backend is wanted only in src/node';
  const rank = rankOf(folder);
  const targetRank = rankOf(targetFolder);
  if (targetRank >= rank) return `which has rank ${targetRank}, a rank below ${rank} is wanted`;
  return target === door ? undefined : `${door} is wanted`;
}

/** The same for two files of one folder of src/: its own folders have doors too. */
function judgeInside(from: string, target: string, paths: ReadonlySet<string>): string | undefined {
  const own = posix.dirname(from).split('/');
  const wanted = posix.dirname(target).split('/');
  const shared = wanted.findIndex((part, depth) => part !== own[depth]);
  if (shared === -1) {
    const isOwnDoor = posix.basename(target) === 'mod.ts';
    return isOwnDoor ? 'the way into the folder it stands in: the file behind it is wanted' : undefined;
  }
  if (folderOf(target) === 'storage' && shared === 2) return 'a storage backend is wanted only in src/node';
  const door = `${wanted.slice(0, shared + 1).join('/')}/mod.ts`;
  return target === door || !paths.has(door) ? undefined : `${door} is wanted`;
}

/** The folder of src/ that `path` stands in; undefined on top of src/ and outside. */
function folderOf(path: string): string | undefined {
  const [top, folder, rest] = path.split('/');
  return top === 'src' && rest !== undefined ? folder : undefined;
}

/** What stands on top of src/ is above every folder; a folder without a rank is reported by itself. */
function rankOf(folder: string | undefined): number {
  return (folder === undefined ? undefined : ranks.get(folder)) ?? 7;
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

if (import.meta.main) {
  const files = readRepository();
  report(checkLayers(files), files);
}
