/**
 * The house style as far as a program can tell, beside what oxlint knows: what a file is for, how long it is, what was left
 * behind, what only works on one machine. The rules on syntax are in tidy-syntax.ts.
 */
import { homedir } from 'node:os';
import { posix } from 'node:path';
import { type Finding, readRepository, report, root, type SourceFile } from './repository.ts';
import { parseFile } from './syntax.ts';
import { castReasons, fileHead, sourceNames, testMarks } from './tidy-syntax.ts';

const linesMax = 500;

/** Files that are longer, and why one file is better than two. */
const longFiles: ReadonlyMap<string, string> = new Map([]);

const kebabCase = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Words that mark unfinished work, taken apart so that this file has none. */
const leftovers = new RegExp(
  `\\b(?:${['TO-DO', 'FIX-ME', 'XX-X', 'HA-CK'].join('|').replaceAll('-', '')})\\b|^<{7} |^>{7} `,
);

/** Folders whose names and texts follow another language's habits, or are copies of somebody else's files. */
const foreign = /^(?:examples|templates|test\/guests|test\/conformance)\//;

/** Everything about `files` that breaks the style. `places` are this machine's own paths, which no file may name. */
export function tidy(files: readonly SourceFile[], places: readonly string[] = []): Finding[] {
  const code = files.filter((file) => file.path.endsWith('.ts') && /^(?:src|test|tools|bench)\//.test(file.path));
  return [
    ...files.flatMap((file) => [...leftBehind(file), ...machinePaths(file, places)]),
    ...code.flatMap((file) => tooLong(file)),
    ...staleExceptions(files),
    ...folders(code),
    ...files.flatMap((file) => [...pinned(file), ...locked(file)]),
    ...code.flatMap((file) => {
      const parsed = parseFile(file);
      return [...fileHead(parsed), ...castReasons(parsed), ...sourceNames(parsed), ...testMarks(parsed)];
    }),
  ];
}

function leftBehind(file: SourceFile): Finding[] {
  if (foreign.test(file.path)) return [];
  return findLines(file, (line) => {
    const found = leftovers.exec(line);
    return found === null ? undefined : `it has ${found[0].trim()}, finished work is wanted`;
  });
}

function machinePaths(file: SourceFile, places: readonly string[]): Finding[] {
  return findLines(file, (line) => {
    const place = places.find((each) => new RegExp(`(?<![\\w./-])${RegExp.escape(each)}(?![\\w-])`).test(line));
    return place === undefined ? undefined : `it names ${place}, a path that every machine has is wanted`;
  });
}

function tooLong(file: SourceFile): Finding[] {
  const lines = file.text.split('\n').length - 1;
  if (lines <= linesMax || longFiles.has(file.path)) return [];
  return [about(file, `it has ${lines} lines, at most ${linesMax} or a reason in tools/tidy.ts is wanted`)];
}

/** Exceptions for files that are short enough by now. */
function staleExceptions(files: readonly SourceFile[]): Finding[] {
  return files
    .filter((file) => longFiles.has(file.path) && file.text.split('\n').length - 1 <= linesMax)
    .map((file) => about(file, 'tools/tidy.ts lists it as long, which is wanted only of files that are'));
}

/** Names in kebab-case; a way in, that says what the folder is, for each folder of src/. */
function folders(code: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = [];
  const paths = new Set(code.map((file) => file.path));
  for (const path of new Set(code.map((file) => posix.dirname(file.path)))) {
    const name = posix.basename(path);
    if (!kebabCase.test(name)) findings.push({ path, line: 0, problem: 'its name is no kebab-case, which is wanted' });
    const isLayer = /^src\/[^/]+$/.test(path);
    if (isLayer && !paths.has(`${path}/mod.ts`))
      findings.push({ path, line: 0, problem: 'it has no mod.ts, one is wanted' });
  }
  for (const file of code) {
    if (!/^src\/(?:.+\/)?mod\.ts$/.test(file.path) || file.text.startsWith('/**')) continue;
    findings.push(about(file, 'it begins with something else, a docstring about the folder is wanted'));
  }
  return findings;
}

/** Every version exact, as npm under an older node picks others. */
function pinned(file: SourceFile): Finding[] {
  if (posix.basename(file.path) !== 'package.json' || foreign.test(file.path)) return [];
  // A manifest that is no object of objects is for npm to refuse.
  const manifest = JSON.parse(file.text) as Record<string, Record<string, string> | undefined>;
  return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.entries(manifest[kind] ?? {})
      .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version) && !version.startsWith('file:'))
      .map(([name, version]) => about(file, `it asks for ${name} ${version}, an exact version is wanted`)),
  );
}

interface LockedPackage {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** No registry's address, and every platform's packages: `npm ci` refuses a lockfile that leaves one out. */
function locked(file: SourceFile): Finding[] {
  if (posix.basename(file.path) !== 'package-lock.json') return [];
  // Written by npm.
  const { packages } = JSON.parse(file.text) as { packages: Record<string, LockedPackage> };
  const names = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')));
  return Object.entries(packages).flatMap(([path, { resolved, optionalDependencies = {} }]) => {
    const problems = Object.keys(optionalDependencies)
      .filter((name) => !names.has(name))
      .map((name) => `it has no ${name}, which ${path} asks for: a version of that with all of its packages is wanted`);
    if (resolved !== undefined) problems.push(`it has an address for ${path}, none is wanted`);
    return problems.map((problem) => about(file, problem));
  });
}

function findLines(file: SourceFile, problemOf: (line: string) => string | undefined): Finding[] {
  return file.text.split('\n').flatMap((text, index) => {
    const problem = problemOf(text);
    return problem === undefined ? [] : [{ path: file.path, line: index + 1, problem }];
  });
}

function about(file: SourceFile, problem: string): Finding {
  return { path: file.path, line: 0, problem };
}

if (import.meta.main) {
  const files = readRepository();
  report(tidy(files, [root, homedir()]), files);
}
