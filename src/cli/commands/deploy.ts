import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { DeployedResource, DeployInput } from '../../admin/mod.ts';
import { digestOf, shownText } from '../../base/mod.ts';
import { type AllowedHost, type FunctionFolder, loadFunctionFolder } from '../../config/mod.ts';
import { readArtifact } from '../../node/mod.ts';
import { connectToProject, type ProjectFlags, withProject } from '../admin-connection.ts';
import { type CommandContext, makeCommand, wholeNumber } from '../command.ts';
import { printJson } from '../listing.ts';
import { Progress } from '../progress.ts';
import { sizeText, table, type Terminal } from '../terminal.ts';
import { parseSticky, weightsText } from '../weights-text.ts';
import { runBuildCommand } from './build.ts';

interface Flags extends ProjectFlags {
  readonly build: boolean;
  readonly percent?: number;
  readonly stickyBy?: string;
  readonly message?: string;
  readonly force?: true;
  readonly json?: true;
}

/** `mayfly deploy`: what a manifest says, made and brought to a node. */
export function deployCommand({ terminal }: CommandContext): Command {
  return withProject(
    makeCommand('deploy', 'Build a function, upload it, and give it traffic once every worker has it warm', [
      'mayfly deploy',
      'mayfly deploy hello --message "Say hello in French"',
      'mayfly deploy hello --percent 10 --sticky-by cookie:session',
      'mayfly deploy hello --no-build --project shop',
    ]),
  )
    .argument('[dir]', 'the function’s folder, with its mayfly.toml; the current one when absent')
    .option('--no-build', 'deploy the artifact that is there, without the manifest’s build command')
    .option('--percent <n>', 'the new version’s share of the traffic; all of it when absent', wholeNumber(1, 100))
    .option('--sticky-by <key>', 'keep a client at one version: header:NAME or cookie:NAME; none ends that')
    .option('--message <text>', 'what is new, for the list of versions')
    .option('--force', 'make a new version also when nothing has changed')
    .option('--json', 'print what it came to as JSON')
    .action(async (dir: string | undefined, flags: Flags) => deploy(dir ?? '.', flags, terminal));
}

async function deploy(dir: string, flags: Flags, terminal: Terminal): Promise<void> {
  const stickyBy = flags.stickyBy === undefined ? undefined : parseSticky(flags.stickyBy);
  const folder = await loadFunctionFolder(dir);
  const { manifest, source } = folder;
  if (flags.build) await runBuildCommand(folder);
  const artifact = await readArtifact(source);
  const digest = digestOf(artifact);
  const { client, project } = await connectToProject(flags, terminal);
  const progress = new Progress(terminal);
  let deployed: DeployedResource;
  try {
    if (!(await client.hasArtifact(project, digest))) {
      progress.update(`Uploading ${sizeText(artifact.byteLength)}`);
      await client.putArtifact(project, digest, artifact);
    }
    progress.update('Checking');
    const input: DeployInput = {
      ...deployInput(folder, digest),
      ...(stickyBy === undefined ? {} : { stickyBy }),
      ...(flags.percent === undefined ? {} : { percent: flags.percent }),
      ...(flags.message === undefined ? {} : { message: flags.message }),
      ...(flags.force === true ? { force: true } : {}),
    };
    const key = { idempotencyKey: randomUUID() };
    deployed = await client.deploy(project, manifest.name, input, ({ step }) => progress.update(stepText(step)), key);
  } finally {
    progress.end();
  }
  if (flags.json === true) printJson(terminal, deployed);
  else terminal.print(deployedText(deployed));
}

/** What the manifest asks for. Without routes in it, those of before stay, and a new function gets `/NAME/*`. */
function deployInput({ manifest }: Pick<FunctionFolder, 'manifest'>, artifact: string): DeployInput {
  return {
    artifact,
    settings: {
      limits: manifest.limits,
      vars: manifest.vars,
      secrets: manifest.secrets,
      allow: manifest.allow.hosts.map(allowText),
    },
    ...(manifest.routes.length === 0 ? {} : { routes: manifest.routes }),
  };
}

function allowText({ host, port }: AllowedHost): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? name : `${name}:${port}`;
}

/** What is being done once `step` is done. */
function stepText(step: string): string {
  switch (step) {
    case 'checked':
      return 'Building the image';
    case 'built':
      return 'Storing the version';
    case 'stored':
      return 'Warming it up on every worker';
    case 'warm':
      return 'Moving traffic';
    default:
      return 'Finishing';
  }
}

/** What a deploy came to, for people. */
function deployedText({ outcome, version, function: record, changes, steps }: DeployedResource): string {
  const took = steps.at(-1)?.elapsedMs;
  const name = `${record.name} v${version.version}`;
  const head =
    outcome === 'unchanged'
      ? `Nothing new in ${name}: the latest version has the same artifact and settings\n`
      : `Deployed ${name}${took === undefined ? '' : ` in ${(took / 1000).toFixed(1)} s`}\n`;
  const rows = [
    ...changes.map((change) => ['changed', shownText(change)]),
    ['traffic', weightsText(record.deployment.weights)],
    ...record.urls.map((url) => ['reached at', shownText(url)]),
    ...(version.previewUrl === undefined ? [] : [['preview', shownText(version.previewUrl)]]),
  ];
  return `${head}${table(rows)}`;
}
