/** The repository's text files as the checks see them, and what a check answers. Reads the disk, so that the checks need not. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** The repository's own folder. */
export const root: string = join(import.meta.dirname, '..');

/** One text file. */
export interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Something that breaks a rule. */
export interface Finding {
  readonly path: string;
  /** Counted from 1; 0 when it is about the file as a whole. */
  readonly line: number;
  /** What is, and what is wanted. */
  readonly problem: string;
}

/** Folders that hold nothing anybody wrote. */
const foldersLeftOut = new Set(['.git', '.mayfly', 'build', 'dist', 'node_modules', 'target']);

const textExtensions = new Set(
  [
    'c',
    'cjs',
    'css',
    'go',
    'h',
    'html',
    'js',
    'json',
    'md',
    'mjs',
    'py',
    'rs',
    'sh',
    'toml',
    'ts',
    'wat',
    'wit',
    'yml',
  ].map((extension) => `.${extension}`),
);

/** Text files that are known by their whole path. */
const textPaths = new Set(['.ci/run', '.gitignore', 'bin/mayfly', 'LICENSE']);

/** Every text file below `folder`, in order of path. */
export function readRepository(folder: string = root): SourceFile[] {
  const paths = listFiles(folder, '').filter((path) => textPaths.has(path) || textExtensions.has(extname(path)));
  return paths.toSorted().map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }));
}

/** A finding as a person reads it. */
export function describe({ path, line, problem }: Finding): string {
  return `Cannot accept ${line === 0 ? path : `${path}:${line}`}: ${problem}`;
}

/** What a check program prints and how it ends: the findings, or how much was looked at. */
export function report(findings: readonly Finding[], files: readonly SourceFile[]): void {
  for (const finding of findings) console.log(describe(finding));
  if (findings.length === 0) console.log(`${files.length} files are in order`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}

function listFiles(folder: string, prefix: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${prefix}${entry.name}`;
    if (entry.isFile()) return [path];
    if (!entry.isDirectory() || foldersLeftOut.has(entry.name)) return [];
    return listFiles(join(folder, entry.name), `${path}/`);
  });
}
