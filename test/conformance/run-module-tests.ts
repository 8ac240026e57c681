/**
 * `npm run test:modules -- FILE|DIR … [--seconds N] [--commands]`: real modules, whatever they are, through reader, rewriter and
 * engine: see real-module.ts for what has to hold. Folders are looked through for `.wasm` files. Each module's functions are called for
 * N seconds of CPU time; with `--commands` WASI commands are also run, without arguments and with `--version` and `--help`.
 */
import { globSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { artifactKind } from '../../src/wasm/mod.ts';
import { cpuMs } from '../fuzz/cpu-time.ts';
import { type RealModuleReport, tryRealModule } from './real-module.ts';

function describe({ refused, rewrittenBytes, compared, endings, commands }: RealModuleReport, bytes: number): string {
  if (refused !== undefined) return `refused: ${refused}`;
  const ways = [...endings].map(([ending, count]) => `${count} ${ending}`).join(', ');
  const asCommand = commands === 0 ? '' : `; as a command alike ${commands} times`;
  return `${(rewrittenBytes / bytes).toFixed(2)} times as large; ${compared} calls alike (${ways})${asCommand}`;
}

function modulesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return globSync('**/*.wasm', { cwd: path })
    .toSorted()
    .map((name) => join(path, name));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string', default: '3' }, commands: { type: 'boolean', default: false } },
  });
  const callsMs = Number(values.seconds) * 1000;
  if (positionals.length === 0 || !(callsMs >= 0)) {
    console.error('Cannot test modules: none is named, files or folders with .wasm files are wanted');
    process.exitCode = 2;
    return;
  }
  const totals = { modules: 0, refused: 0, failed: 0, compared: 0 };
  for (const path of positionals.flatMap(modulesIn)) {
    const bytes = Uint8Array.from(readFileSync(path));
    if (artifactKind(bytes) !== 'module') continue;
    const untilMs = cpuMs() + callsMs;
    const report = await tryRealModule(bytes, {
      goOn: () => cpuMs() < untilMs,
      commands: values.commands ? 'run' : 'left',
    });
    totals.modules += 1;
    totals.compared += report.compared;
    if (report.refused !== undefined) totals.refused += 1;
    console.log(
      `${relative('.', path)}, ${(bytes.byteLength / 1024).toFixed(0)} KiB: ${describe(report, bytes.byteLength)}`,
    );
    if (report.problems.length === 0) continue;
    totals.failed += 1;
    for (const problem of report.problems.slice(0, 10)) console.log(`  FAILED: ${problem}`);
  }
  const { modules, refused, failed, compared } = totals;
  console.log(`\n${modules} modules: ${compared} calls alike, ${refused} refused, ${failed} failed`);
  process.exitCode = failed === 0 && modules > 0 ? 0 : 1;
}

await main();
