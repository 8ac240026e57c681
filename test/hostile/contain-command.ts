/** Runs a command attack by `mayfly run`, and judges how it ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CommandAttack } from './attack.ts';
import { hostileGuest } from './guests.ts';
import type { Verdict } from './verdict.ts';

const mainFile = resolve(import.meta.dirname, '../../src/main.ts');
/** Nothing takes so long that ends by itself, on a machine however busy. */
const timeoutMs = 300_000;

/** Runs it in `folder`, which it gets as its files. */
export async function containCommand(attack: CommandAttack, folder: string): Promise<Verdict> {
  const { bytes, attacks } = hostileGuest(attack.guest);
  const artifact = join(folder, `${attack.guest}.wasm`);
  writeFileSync(artifact, bytes);
  const query = `QUERY_STRING=${attacks.indexOf(attack.attack) + 1}`;
  const args = [mainFile, 'run', '--env', query, '--dir', `${folder}::/`, artifact];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('latin1').on('data', (text: string) => (output += text));
  let rssBytes = 0;
  const watch = setInterval(() => (rssBytes = Math.max(rssBytes, peakRss(child.pid))), 20);
  const deadline = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  await once(child, 'close');
  clearInterval(watch);
  clearTimeout(deadline);
  return { attack: attack.name, problem: problemOf(attack, child.exitCode, output, rssBytes) };
}

function problemOf(
  attack: CommandAttack,
  exitCode: number | null,
  output: string,
  rssBytes: number,
): string | undefined {
  if (exitCode === null || !attack.exitCodes.includes(exitCode))
    return `it exited with ${exitCode} and ${JSON.stringify(output.slice(-200))}, wanted: ${attack.exitCodes.join(', ')}`;
  if (!attack.says.test(output)) return `it says ${JSON.stringify(output.slice(-200))}, wanted: ${attack.says.source}`;
  return rssBytes > attack.rssBytesMax
    ? `it took ${rssBytes} bytes, at most ${attack.rssBytesMax} are wanted`
    : undefined;
}

/** The most that a process has had resident, where the system tells. */
function peakRss(pid: number | undefined): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // It is gone, or there is no /proc.
  }
}
