import { constants } from 'node:os';
import type { Command } from 'commander';
import { digestOf } from '../../base/mod.ts';
import { type FunctionFolder, loadFunctionFolder } from '../../config/mod.ts';
import { createLog, LocalFunctions, LogStyle, readArtifact } from '../../node/mod.ts';
import { startBuild } from '../build-command.ts';
import { type CommandContext, loadEngine, makeCommand } from '../command.ts';
import { ExitCode, sizeText, type Terminal } from '../terminal.ts';

interface BuildFlags {
  readonly dataDir?: string;
  readonly json?: true;
}

export function buildCommand({ terminal, exit }: CommandContext): Command {
  return makeCommand('build', 'Build a function, and check that a node would serve it', [
    'mayfly build',
    'mayfly build hello --json',
  ])
    .argument('[dir]', 'the function’s folder; the current one when absent')
    .option('--data-dir <dir>', 'where images are kept; the user’s cache directory when absent')
    .option('--json', 'print what was made as JSON')
    .action(async (dir: string | undefined, flags: BuildFlags) => exit(await build(dir ?? '.', flags, terminal)));
}

/** What was made. */
interface BuildReport {
  readonly name: string;
  readonly artifact: { readonly path: string; readonly bytes: number; readonly digest: string };
  readonly image: { readonly bytes: number; readonly digest: string };
  /** What a request is expected to wait for its sandbox. */
  readonly startUs: number | undefined;
  /** What the build command took; undefined when the manifest has none. */
  readonly commandMs: number | undefined;
}

async function build(dir: string, flags: BuildFlags, terminal: Terminal): Promise<ExitCode> {
  const folder = await loadFunctionFolder(dir);
  const commandMs = await runBuildCommand(folder);
  const report = await check(folder, flags.dataDir, commandMs);
  if (flags.json === true) terminal.print(`${JSON.stringify(report)}\n`);
  else terminal.print(reportText(report));
  return ExitCode.ok;
}

const stopping = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @returns the time that it took; undefined when there is no command @throws MayflyError build_failed */
export async function runBuildCommand({ manifest, source }: FunctionFolder): Promise<number | undefined> {
  if (source.build === undefined) return undefined;
  const startMs = performance.now();
  const running = startBuild(manifest.name, source.build);
  let interrupted: Promise<never> | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    interrupted ??= running.stop().then(() => process.exit(128 + constants.signals[signal]));
  };
  for (const signal of stopping) process.on(signal, onSignal);
  try {
    await running.done;
  } catch (error) {
    // Whoever ends a build knows why it has failed.
    await interrupted;
    throw error;
  } finally {
    for (const signal of stopping) process.off(signal, onSignal);
  }
  return performance.now() - startMs;
}

async function check(
  { manifest, source }: FunctionFolder,
  dataDir: string | undefined,
  commandMs: number | undefined,
): Promise<BuildReport> {
  const functions = await LocalFunctions.open(dataDir, createLog(LogStyle.pretty, {}));
  const hint = commandMs === undefined ? undefined : 'The build command ended well and did not make it: look at `main`';
  const artifact = await readArtifact(hint === undefined ? source : { ...source, hint });
  const { deployed, imageBytes } = await functions.prepare(source, { env: {}, limits: {} });
  const { inspectArtifact } = await loadEngine();
  const { image } = await inspectArtifact(artifact);
  return {
    name: manifest.name,
    artifact: { path: source.artifactPath, bytes: artifact.byteLength, digest: digestOf(artifact) },
    image: { bytes: imageBytes, digest: deployed.image },
    startUs: image?.startUs,
    commandMs,
  };
}

function reportText({ name, artifact, image, startUs, commandMs }: BuildReport): string {
  const parts = [
    `${artifact.path} ${sizeText(artifact.bytes)}`,
    `image ${sizeText(image.bytes)}`,
    ...(startUs === undefined ? [] : [`starts in about ${startUs.toFixed(0)} µs a request`]),
    ...(commandMs === undefined ? [] : [`built in ${(commandMs / 1000).toFixed(1)} s`]),
  ];
  return `${name}: ${parts.join(', ')}\n`;
}
