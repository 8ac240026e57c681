import type { Command } from 'commander';
import { countText, fromWireError, shownText } from '../../base/mod.ts';
import type { InspectedImport, InspectedLimits, Inspection } from '../../engine/mod.ts';
import { type CommandContext, loadEngine, makeCommand, readArtifactFile } from '../command.ts';
import { errorText, ExitCode, sizeText, table, type Terminal } from '../terminal.ts';

/** Of imports and of exports each; `--json` has all. */
const rowsMax = 20;
const nameLengthMax = 60;
const provided = 'provided';

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
      ...memories.map((one) => ['memory', limitsText(one, countText(one.initial, 'page'), 'of 64 KiB')]),
      ...tables.map((one) => ['table', limitsText(one, one.initial === 1 ? '1 entry' : `${one.initial} entries`)]),
    ]),
    section(importsTitle(imports), importRows(imports)),
    section(`Exports (${exports.length})`, capped(exports.map(({ name, kind }) => [nameText(name), kind]))),
    section(
      'Passes',
      passes.map(({ name, outcome, why }) => [name, outcome, why]),
    ),
    inspection.image === undefined
      ? section('Rewritten', rewrittenRows(inspection))
      : section('Image', imageRows(inspection)),
  ];
  return sections.filter((text) => text !== '').join('\n');
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `${title}\n${table(rows)}`;
}

function limitsText({ maximum }: InspectedLimits, initial: string, unit = ''): string {
  return `${`${initial} ${unit}`.trim()}${maximum === undefined ? ', no maximum' : `, at most ${maximum}`}`;
}

/** Names come from a stranger, and some toolchains put whole signatures into them. */
function nameText(name: string): string {
  const shown = shownText(name);
  return shown.length > nameLengthMax ? `${shown.slice(0, nameLengthMax)}…` : shown;
}

/** As many rows as a person looks at, and how many there are besides. */
function capped(rows: readonly string[][], most: number = rowsMax): string[][] {
  return rows.length <= most + 1 ? [...rows] : [...rows.slice(0, most), [`and ${rows.length - most} more`]];
}

function importsTitle(imports: readonly InspectedImport[]): string {
  const missing = imports.filter(({ status }) => status === 'missing').length;
  return `Imports (${missing === 0 || missing === imports.length ? imports.length : `${imports.length}, ${missing} missing`})`;
}

/** What is missing first, by the way out, which is told once for all that share it. */
function importRows(imports: readonly InspectedImport[]): string[][] {
  const byWayOut = Map.groupBy(imports, ({ status, instead }) => (status === 'missing' ? (instead ?? '') : provided));
  const groups = [...byWayOut].toSorted(([a], [b]) => Number(a === provided) - Number(b === provided));
  return groups.flatMap(([wayOut, entries]) =>
    capped(
      entries.map(({ module, name, kind, status }, index) => [
        nameText(`${module}.${name}`),
        kind === 'function' ? '' : kind,
        status,
        index === 0 && wayOut !== provided ? wayOut : '',
      ]),
      wayOut === provided ? rowsMax : Math.max(3, Math.floor(rowsMax / groups.length)),
    ),
  );
}

/** What it would come to, were it not for the problem. */
function rewrittenRows({ rewrittenBytes, artifactBytes }: Inspection): string[][] {
  if (rewrittenBytes === undefined) return [];
  return [['module', sizeText(rewrittenBytes), `${(rewrittenBytes / artifactBytes).toFixed(2)} times the artifact`]];
}

function imageRows(inspection: Inspection): string[][] {
  const { image } = inspection;
  if (image === undefined) return [];
  return [
    ...rewrittenRows(inspection),
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
