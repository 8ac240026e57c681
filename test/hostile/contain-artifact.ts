/** Has hostile artifacts built, and judges what comes of it: in this process what is small, in a builder what is not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isMayflyError, mib } from '../../src/base/mod.ts';
import { buildImage } from '../../src/engine/mod.ts';
import { checkModule, decodeModule, rewriteModule } from '../../src/wasm/mod.ts';
import type { ArtifactAttack } from './attack.ts';
import type { Verdict } from './verdict.ts';

const mainFile = resolve(import.meta.dirname, '../../src/main.ts');
const memoryBytesMax = 128 * mib;
/** Refusing what is small has to be quick. */
const refusalMsMax = 5000;
/** Nothing of an artifact's own text may reach a terminal as more than text; our own line feeds are for lists. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

/** Builds in this process. */
export async function containArtifact(attack: ArtifactAttack): Promise<Verdict> {
  const bytes = attack.bytes();
  const before = process.cpuUsage();
  const { ending, message } = await build(bytes);
  // What others have of the machine meanwhile is not the artifact's doing.
  const { user, system } = process.cpuUsage(before);
  const tookMs = (user + system) / 1000;
  return {
    attack: attack.name,
    problem:
      problemOf(attack, ending, message, tookMs) ?? (attack.rewritten === undefined ? undefined : madeValid(bytes)),
  };
}

async function build(bytes: Uint8Array): Promise<{ ending: string; message: string }> {
  try {
    await buildImage(bytes, { memoryBytesMax });
    return { ending: 'built', message: '' };
  } catch (error) {
    if (isMayflyError(error)) return { ending: error.code, message: error.message };
    return { ending: `thrown ${String(error)}`, message: '' };
  }
}

function problemOf(attack: ArtifactAttack, ending: string, message: string, tookMs: number): string | undefined {
  // The ends of an artifact attack are codes; any text may be compared with them.
  const ends: readonly string[] = attack.ends;
  if (!ends.includes(ending)) return `it ended with ${ending} ${message}, wanted: ${ends.join(', ')}`;
  if (controls.test(message)) return `the message has control characters: ${JSON.stringify(message)}`;
  if (message.length > 1000) return `the message has ${message.length} characters`;
  return tookMs > refusalMsMax ? `it took ${tookMs.toFixed(0)} ms of CPU` : undefined;
}

/** What V8 refuses must be invalid after the rewriting too, even if nobody asked V8 before. @returns what is wrong */
function madeValid(bytes: Uint8Array): string | undefined {
  if (WebAssembly.validate(bytes)) return undefined;
  try {
    const module = decodeModule(bytes);
    checkModule(module);
    const rewritten = rewriteModule(module, {
      snapshot: { memoryPages: module.spaces.memories.map(({ limits }) => limits.min), globals: new Map() },
      entry: module.functionTypes.length - 1,
      memoryBytesMax,
      passes: { preemption: 'checks', dirty: 'marks' },
    });
    return WebAssembly.validate(rewritten.bytes)
      ? 'V8 refuses it, and accepts what the rewriter makes of it'
      : undefined;
  } catch (error) {
    return isMayflyError(error) ? undefined : `the rewriter throws ${String(error)}`;
  }
}

/**
 * Has all of `attacks` built by one `mayfly serve`, which must refuse to serve when it is told to serve even one artifact that is
 * refused, name each, and live to tell. @returns a verdict for each
 */
export async function containInBuilders(attacks: readonly ArtifactAttack[], folder: string): Promise<Verdict[]> {
  attacks.forEach((attack, index) => {
    const own = join(folder, `a${index}`);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'a.wasm'), attack.bytes());
    writeFileSync(join(own, 'mayfly.toml'), `name = "a${index}"\nmain = "a.wasm"\n`);
  });
  // Something that is refused for certain, so that nothing is served in the end.
  mkdirSync(join(folder, 'refused'), { recursive: true });
  writeFileSync(join(folder, 'refused', 'mayfly.toml'), 'name = "refused"\nmain = "missing.wasm"\n');
  const dataDir = join(folder, '.data');
  const child = spawn(process.execPath, [mainFile, 'serve', folder, '--listen', '127.0.0.1:0', '--data-dir', dataDir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(child, 'close');
  rmSync(folder, { recursive: true, force: true });
  return attacks.map((attack, index) => {
    const found = new RegExp(`^ {2}a${index} \\(.*\\): (.*) \\[([a-z_]+)\\]$`, 'm').exec(said);
    const ending =
      found?.[2] ?? (child.exitCode === 1 && said.includes('refused (') ? 'built' : `exit code ${child.exitCode}`);
    return { attack: `${attack.name} (in a builder)`, problem: problemOf(attack, ending, found?.[1] ?? '', 0) };
  });
}
