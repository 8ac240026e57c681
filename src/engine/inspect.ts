import { countText, isMayflyError, mib, systemClock, toWireError, type WireError } from '../base/mod.ts';
import {
  artifactKind,
  checkModule,
  decodeModule,
  type Module,
  producers,
  rewriteModule,
  type RewrittenModule,
} from '../wasm/mod.ts';
import { buildModule, entryPoints, importProblem, packImage } from './build.ts';
import { decodeImage } from './image.ts';
import { LoadedImage } from './loaded-image.ts';
import {
  ArtifactKind,
  type InspectArtifact,
  type InspectedImport,
  type InspectedPass,
  type Inspection,
} from './tooling-types.ts';

const memoryBytesMax: number = 128 * mib;
const dirtyPageBytes = 4096;
/** What `bench:engine` says of an idle machine: start and rewind of a guest that touches nothing, and each page it touches. */
const sandboxFloorUs = 0.7;
const rewindPageUs = 0.11;
/** Pages of stack, data and heap that a small request writes to. */
const likelyDirtyPages = 8;
const kindNames = { func: 'function', global: 'global', memory: 'memory', table: 'table', tag: 'tag' } as const;

type Built = ReturnType<typeof buildModule>;

/** Tells what an artifact is and needs, by building it as the node would. */
export const inspectArtifact: InspectArtifact = async (artifact) => {
  if (artifactKind(artifact) === 'component') return inspectComponent(artifact);
  const module = decodeModule(artifact);
  const { built, problem } = attempt(artifact);
  const rewritten = built?.rewritten ?? rewriteAlone(module);
  return {
    ...describe(module),
    kind: kindOf(module),
    artifactBytes: artifact.byteLength,
    passes: rewritten === undefined ? [] : describePasses(rewritten),
    rewrittenBytes: rewritten?.bytes.byteLength,
    image: built === undefined ? undefined : await describeImage(built),
    problem,
  };
};

/** What an artifact is, told from its bytes. @throws MayflyError not_wasm, malformed_module */
export function kindOfArtifact(artifact: Uint8Array): ArtifactKind {
  return artifactKind(artifact) === 'component' ? ArtifactKind.component : kindOf(decodeModule(artifact));
}

function inspectComponent(artifact: Uint8Array): Inspection {
  return {
    kind: ArtifactKind.component,
    artifactBytes: artifact.byteLength,
    producers: [],
    languages: [],
    imports: [],
    exports: [],
    memories: [],
    tables: [],
    passes: [],
    rewrittenBytes: undefined,
    image: undefined,
    problem: attempt(artifact).problem,
  };
}

function attempt(artifact: Uint8Array): { built: Built | undefined; problem: WireError | undefined } {
  try {
    return { built: buildModule(artifact, { memoryBytesMax }), problem: undefined };
  } catch (error) {
    if (!isMayflyError(error)) throw error;
    return { built: undefined, problem: toWireError(error) };
  }
}

/** What cannot be served for what it imports can be rewritten all the same, which tells what it would come to. */
function rewriteAlone(module: Module): RewrittenModule | undefined {
  const memoryPages = module.spaces.memories.map(({ limits }) => limits.min);
  try {
    checkModule(module);
    return rewriteModule(module, {
      snapshot: { memoryPages, globals: new Map() },
      entry: undefined,
      memoryBytesMax,
      passes: { preemption: 'checks', dirty: 'marks' },
    });
  } catch (error) {
    if (isMayflyError(error)) return undefined;
    throw error;
  }
}

function kindOf(module: Module): ArtifactKind {
  try {
    void entryPoints(module);
  } catch {
    return ArtifactKind.coreModule;
  }
  return module.exports.some((entry) => entry.name === '_start') ? ArtifactKind.wasiCommand : ArtifactKind.wasiReactor;
}

function describe(
  module: Module,
): Pick<Inspection, 'producers' | 'languages' | 'imports' | 'exports' | 'memories' | 'tables'> {
  const { spaces } = module;
  return {
    producers: producers(module),
    languages: languagesOf(module),
    imports: module.imports.map((entry): InspectedImport => {
      const problem = importProblem(module, entry);
      const { module: from, name } = entry;
      const kind = kindNames[entry.description.kind];
      if (problem === undefined) return { module: from, name, kind, status: 'provided' };
      return { module: from, name, kind, status: 'missing', instead: problem.hint ?? problem.message };
    }),
    exports: module.exports.map(({ name, kind }) => ({ name, kind: kindNames[kind] })),
    memories: spaces.memories.map(({ limits }) => ({ initial: limits.min, maximum: limits.max })),
    tables: spaces.tables.map(({ limits }) => ({ initial: limits.min, maximum: limits.max })),
  };
}

function describePasses(rewritten: RewrittenModule): InspectedPass[] {
  const { findings, memories, reset } = rewritten;
  const shiftKib = (memories[0]?.layout.shiftBytes ?? 0) / 1024;
  const applied = (name: string, why: string): InspectedPass => ({ name, outcome: 'applied', why });
  const skipped = (name: string, why: string): InspectedPass => ({ name, outcome: 'skipped', why });
  return [
    memories.length > 0
      ? applied('memory', `handed in from outside, guest address 0 at ${shiftKib} KiB`)
      : skipped('memory', 'it has none'),
    findings.checks > 0
      ? applied('preemption', describeChecks(findings))
      : skipped('preemption', 'nothing in it can run for long'),
    findings.marks + findings.marksSaved > 0
      ? applied('dirty pages', describeMarks(rewritten))
      : skipped('dirty pages', 'it has no stores'),
    reset === 'rewind'
      ? applied('reset', 'by rewinding in place')
      : applied('reset', 'memory by rewinding, the rest by a new instance: it can grow a table'),
  ];
}

function describeChecks({ checks, loopsUnchecked }: RewrittenModule['findings']): string {
  const placed = `${countText(checks, 'check')} in loops and in functions that call`;
  return loopsUnchecked === 0 ? placed : `${placed}; none in ${countText(loopsUnchecked, 'loop')} of few rounds`;
}

function describeMarks({ findings, memories }: RewrittenModule): string {
  const pages = memories.reduce((sum, { alwaysDirty }) => sum + alwaysDirty.size, 0);
  const marked = `${countText(findings.marks, 'store')} marked, ${findings.marksSaved} more need no mark of their own`;
  return pages === 0 ? marked : `${marked}; ${countText(pages, 'page')} of variables restored every time`;
}

async function describeImage({ rewritten, runs }: Built): Promise<NonNullable<Inspection['image']>> {
  const snapshotBytes = runs.flat().reduce((sum, run) => sum + run.bytes.byteLength, 0);
  const moduleBytes = rewritten.bytes.byteLength;
  const startedMs = systemClock.monotonicMs();
  const image = await LoadedImage.load(decodeImage(packImage({ rewritten, runs })));
  const compiledMs = systemClock.monotonicMs();
  image.makeMemories(image.memoryMaxima(memoryBytesMax));
  const madeMs = systemClock.monotonicMs();
  const dirtyPages = Math.min(likelyDirtyPages, (image.initialBytes / dirtyPageBytes) | 0);
  return {
    bytes: moduleBytes + snapshotBytes,
    moduleBytes,
    snapshotPages: Math.ceil(snapshotBytes / dirtyPageBytes),
    compileMs: compiledMs - startedMs,
    slotMs: madeMs - compiledMs,
    startUs: sandboxFloorUs + dirtyPages * rewindPageUs,
  };
}

/** Traces of compilers in a module that does not say what made it. */
const traces: readonly { readonly language: string; readonly bytes: Buffer }[] = [
  { language: 'Rust', bytes: Buffer.from('library/std/src/') },
  { language: 'Rust', bytes: Buffer.from('/rustc/') },
  { language: 'TinyGo', bytes: Buffer.from('tinygo') },
  { language: 'Go', bytes: Buffer.from('Go build ID') },
  { language: 'AssemblyScript', bytes: Buffer.from('~lib/', 'utf16le') },
  { language: 'Zig', bytes: Buffer.from('zig_') },
  { language: 'Python', bytes: Buffer.from('Py_Initialize') },
  { language: 'Ruby', bytes: Buffer.from('ruby_init') },
];

function languagesOf(module: Module): string[] {
  const told = producers(module).filter(({ field }) => field === 'language');
  if (told.length > 0) return [...new Set(told.map(({ name }) => name))];
  const bytes = Buffer.from(module.bytes.buffer, module.bytes.byteOffset, module.bytes.byteLength);
  const found = traces.find((trace) => bytes.includes(trace.bytes));
  return found === undefined ? [] : [found.language];
}
