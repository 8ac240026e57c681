/** Runs programs for the tools: npm's own are found by their path, so that `.bin` need not be on the PATH. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './repository.ts';

/** How a program ended, and what it printed on both streams. */
export interface Outcome {
  readonly exitCode: number;
  readonly output: string;
}

/** The file behind the command `name` of an installed package: something for node to run. */
export function commandOf(packageName: string, name: string = packageName): string {
  const folder = join(root, 'node_modules', packageName);
  // Installed by npm, which refuses another form.
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    bin?: Record<string, string> | string;
  };
  const path = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin?.[name];
  if (path === undefined)
    throw new Error(`Cannot run ${name}: ${packageName} has no such command, another version is wanted`);
  return join(folder, path);
}

/** Runs node with `args` in the repository's root and collects what it prints. */
export async function collect(args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }));
  });
}

/** Runs node with `args` in the repository's root on this process's own streams. @returns its exit code */
export async function show(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
