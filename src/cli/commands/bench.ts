import type { Command } from 'commander';
import { defaultLimits } from '../../config/mod.ts';
import type { BenchReport, LatencySummary } from '../../engine/mod.ts';
import { type CommandContext, loadEngine, makeCommand, readArtifactFile, wholeNumber } from '../command.ts';
import { Progress } from '../progress.ts';
import { ExitCode, table, type Terminal } from '../terminal.ts';

const callsDefault = 10_000;
const callsMax = 10_000_000;

interface BenchFlags {
  readonly calls: number;
  readonly json?: true;
}

export function benchCommand({ terminal, exit }: CommandContext): Command {
  return makeCommand('bench', 'Measure instance start, call and rewind, beside a fresh WebAssembly.Instance', [
    'mayfly bench hello.wasm',
    'mayfly bench hello.wasm --calls 100000 --json',
  ])
    .argument('<file>', 'the artifact')
    .option('--calls <n>', 'calls that are measured', wholeNumber(1, callsMax), callsDefault)
    .option('--json', 'print it as JSON')
    .action(async (file: string, flags: BenchFlags) => exit(await bench(file, flags, terminal)));
}

async function bench(file: string, flags: BenchFlags, terminal: Terminal): Promise<ExitCode> {
  const artifact = await readArtifactFile(file);
  const { benchFunction } = await loadEngine();
  const progress = new Progress(terminal);
  try {
    progress.update('Preparing the function');
    const report = await benchFunction({
      artifact,
      calls: flags.calls,
      memoryBytesMax: defaultLimits.memoryBytes,
      onProgress: (done) => progress.update(`Measuring: ${done} of ${flags.calls} calls`),
    });
    progress.end();
    terminal.print(flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : benchText(file, report));
  } finally {
    progress.end();
  }
  return ExitCode.ok;
}

/** The report for a person, in microseconds. */
export function benchText(file: string, report: BenchReport): string {
  const rows: readonly (readonly [string, LatencySummary, string])[] = [
    ['start', report.start, 'choosing the function → the guest’s first instruction'],
    ['guest', report.guest, 'the guest’s own time'],
    ['rewind', report.rewind, 'back to the image, byte for byte'],
    ['sandbox', report.sandbox, 'start and rewind: what a sandbox of its own costs a request'],
    ['total', report.total, 'the whole call'],
    ['naive', report.naive, 'the same with a fresh WebAssembly.Instance each'],
  ];
  const header = ['µs', 'p50', 'p99', 'p99.9', 'max', ''];
  const cells = rows.map(([name, { p50Us, p99Us, p999Us, maxUs }, about]) => [
    name,
    ...[p50Us, p99Us, p999Us, maxUs].map((us) => us.toFixed(us < 100 ? 1 : 0)),
    about,
  ]);
  return `${file}: ${report.total.count} calls\n\n${table([header, ...cells])}`;
}
