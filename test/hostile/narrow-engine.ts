/**
 * Run by narrow.test.ts in a process of few addresses: loads more functions than there is room for memories, has each of them serve
 * requests, one after the other and then all at once, and prints how they ended.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { functionName, isMayflyError, mib, projectId } from '../../src/base/mod.ts';
import { defaultLimits } from '../../src/config/mod.ts';
import { buildImage, createEngine, type LoadedFunction, send } from '../../src/engine/mod.ts';
import { guest } from '../support/node-under-test.ts';

/** How the calls ended, in the order they did. */
export interface NarrowReport {
  readonly inTurn: readonly string[];
  readonly atOnce: readonly string[];
  readonly afterwards: readonly string[];
}

const functionsCount = 100;
const attemptsMax = 50;
const againMs = 50;

async function end(target: LoadedFunction, url: string): Promise<string> {
  try {
    return String((await send(target, { url })).status);
  } catch (error) {
    return isMayflyError(error) ? error.code : String(error);
  }
}

/** As a client does that is told to come again. */
async function endAtLast(target: LoadedFunction, url: string): Promise<string> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const ended = await end(target, url);
    if (ended !== 'overloaded') return ended;
    await sleep(againMs);
  }
  return 'overloaded';
}

async function main(): Promise<NarrowReport> {
  const engine = createEngine();
  const limits = { ...defaultLimits, memoryBytes: 4 * mib, cpuMs: 60_000 };
  const { bytes } = await buildImage(readFileSync(guest('sleeper')), { memoryBytesMax: limits.memoryBytes });
  const functions: LoadedFunction[] = [];
  for (let index = 0; index < functionsCount; index++) {
    const [project, name] = [projectId(`p${index % 5}`), functionName(`f${index}`)];
    functions.push(await engine.load({ project, name, image: bytes, env: {}, limits }));
  }
  const inTurn: string[] = [];
  for (const each of functions) inTurn.push(await endAtLast(each, '/?ms=1'));
  const atOnce = await Promise.all(functions.map((each) => end(each, '/?ms=200')));
  const afterwards: string[] = [];
  for (const each of functions) afterwards.push(await endAtLast(each, '/?ms=1'));
  await engine.close();
  return { inTurn, atOnce, afterwards };
}

if (import.meta.main) process.stdout.write(JSON.stringify(await main()));
