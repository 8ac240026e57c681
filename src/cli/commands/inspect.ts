import type { Command } from 'commander';
import { countText, fromWireError, shownText } from '../../base/mod.ts';
import type { InspectedLimits, Inspection } from '../../engine/mod.ts';
import { type CommandContext, loadEngine, makeCommand, readArtifactFile } from '../command.ts';
import { errorText, ExitCode, sizeText, table, type Terminal } from '../terminal.ts';

export function inspectCommand({ terminal, exit }: CommandContext): Command {
  return makeCommand('inspect', 'Tell what an artifact is, what it imports, and what Mayfly makes of it', [
    'mayfly inspect hello.wasm',
    'mayfly inspect hello.wasm --json',
  ])
    .argument('<file>', 'the artifact')
    .option('--json', 'print it as JSON')
    .action(async (file: string, flags: { json?: true }) => exit(await inspect(file, flags, terminal)));
}

/** Fails when the artifact cannot be served, so that a script can ask. */
async function inspect(file: string, flags: { json?: true }, terminal: Terminal): Promise<ExitCode> {
  const { inspectArtifact } = await loadEngine();
  const inspection = await inspectArtifact(await readArtifactFile(file));
  const { problem } = inspection;
  if (flags.json === true) terminal.print(`${JSON.stringify(jsonReport(inspection), null, 2)}\n`);
  else terminal.print(inspectionText(file, inspection));
  if (problem === undefined) return ExitCode.ok;
  if (flags.json !== true) terminal.say(errorText(fromWireError(problem)));
  return ExitCode.failed;
}

function jsonReport(inspection: Inspection): object {
  const { problem, ...rest } = inspection;
  if (problem === undefined) return rest;
  const { code, message, hint } = fromWireError(problem);
  return { ...rest, problem: { code, message, hint } };
}

/** The report for a person. */
export function inspectionText(file: string, inspection: Inspection): string {
  const { imports, exports, passes, producers, memories, tables } = inspection;
  const sections = [
    `${file}: ${[inspection.kind, ...inspection.languages.map((each) => shownText(each)), sizeText(inspection.artifactBytes)].join(', ')}\n`,
    section(
      'Made with',
      producers.map(({ field, name, version }) => [shownText(field), shownText(`${name} ${version}`.trim())]),
    ),
    section('Memory', [
      ...memories.map((one) => ['memory', limitsText(one, 'pages of 64 KiB')]),
      ...tables.map((one) => ['table', limitsText(one, 'entries')]),
    ]),
    section(
      `Imports (${imports.length})`,
      imports.map(({ module, name, kind, status, instead }) => [
        `${shownText(module)}.${shownText(name)}`,
        kind === 'function' ? '' : kind,
        status,
        instead ?? '',
      ]),
    ),
    section(
      `Exports (${exports.length})`,
      exports.map(({ name, kind }) => [shownText(name), kind]),
    ),
    section(
      'Passes',
      passes.map(({ name, outcome, why }) => [name, outcome, why]),
    ),
    section('Image', imageRows(inspection)),
  ];
  return sections.filter((text) => text !== '').join('\n');
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `${title}\n${table(rows)}`;
}

function limitsText({ initial, maximum }: InspectedLimits, unit: string): string {
  return `${initial} ${unit}${maximum === undefined ? ', no maximum' : `, at most ${maximum}`}`;
}

function imageRows({ image, artifactBytes }: Inspection): string[][] {
  if (image === undefined) return [];
  const factor = artifactBytes === 0 ? 0 : image.moduleBytes / artifactBytes;
  return [
    ['module', sizeText(image.moduleBytes), `${factor.toFixed(2)} times the artifact`],
    ['snapshot', countText(image.snapshotPages, 'page'), 'of 4 KiB that are not zero'],
    ['whole', sizeText(image.bytes)],
    [
      'loading',
      `${image.compileMs.toFixed(1)} ms to compile`,
      `off the serving thread; ${image.slotMs.toFixed(2)} ms for a slot`,
    ],
    ['start', `about ${image.startUs.toFixed(0)} µs a request`, 'a rewound slot; mayfly bench measures it'],
  ];
}
