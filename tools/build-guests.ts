/**
 * `npm run guests [-- --check] [NAME…]`: rebuilds the WebAssembly that is committed beside its source, in examples/ and
 * test/guests/, or what of it is named. A language whose toolchain is missing is skipped, and why is said. The same toolchain
 * makes the same bytes every time; `--check` writes nothing and fails where the committed bytes are others.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse as parseToml } from 'smol-toml';
import { root } from './repository.ts';

const run = promisify(execFile);

/** What guests are written in. */
export const Language = { c: 'C', rust: 'Rust', assemblyScript: 'AssemblyScript', go: 'Go', wat: 'WAT' } as const;
/** What guests are written in. */
export type Language = (typeof Language)[keyof typeof Language];

/** By a source's extension. Go is known by its go.mod: its programs are folders. */
const languages: ReadonlyMap<string, Language> = new Map([
  ['.c', Language.c],
  ['.rs', Language.rust],
  ['.ts', Language.assemblyScript],
  ['.wat', Language.wat],
  ['.mod', Language.go],
]);

/** A program to build. */
export interface Guest {
  readonly name: string;
  readonly language: Language;
  readonly source: string;
  readonly artifact: string;
  /** Examples are made small; the guests of tests keep their instructions as written. */
  readonly isExample: boolean;
  /** What the manifest says builds it. */
  readonly command: string | undefined;
}

/** Makes a guest's bytes, with `scratch` as a folder of its own. Paths of this machine must not get into them. */
type Build = (guest: Guest, scratch: string) => Promise<Uint8Array>;

/** What builds a language on this machine, or why nothing does. */
type Toolchain = { readonly version: string; readonly build: Build } | { readonly missing: string };

/** Every guest there is. */
export function findGuests(): Guest[] {
  const examples = join(root, 'examples');
  const tests = join(root, 'test/guests');
  return [
    ...readdirSync(examples)
      .filter((name) => existsSync(join(examples, name, 'mayfly.toml')))
      .flatMap((name) => exampleIn(join(examples, name))),
    ...readdirSync(tests).flatMap((name) => {
      const language = languages.get(extname(name));
      if (language === undefined || language === Language.assemblyScript) return []; // A .ts there is a test.
      const source = join(tests, name);
      const stem = basename(name, extname(name));
      const artifact = join(tests, `${stem}.wasm`);
      return [{ name: stem, language, source, artifact, isExample: false, command: undefined }];
    }),
  ];
}

/** @returns none for a function that is not WebAssembly */
function exampleIn(folder: string): Guest[] {
  // The server's tests read all manifests of the examples and refuse one of another form.
  const manifest = parseToml(readFileSync(join(folder, 'mayfly.toml'), 'utf8')) as {
    name: string;
    main: string;
    build?: { command: string };
  };
  if (!manifest.main.endsWith('.wasm')) return [];
  const stem = basename(manifest.main, '.wasm');
  const source = [...languages.keys()]
    .map((extension) => join(folder, extension === '.mod' ? 'go.mod' : `${stem}${extension}`))
    .find((path) => existsSync(path));
  const language = languages.get(extname(source ?? ''));
  if (source === undefined || language === undefined)
    throw new Error(`Cannot build ${manifest.name}: ${folder} has no source of ${manifest.main}, one is wanted`);
  const artifact = join(folder, manifest.main);
  return [{ name: manifest.name, language, source, artifact, isExample: true, command: manifest.build?.command }];
}

/** The first of `candidates` for which `probe` answers. */
async function firstOf<Candidate, Answer>(
  candidates: readonly Candidate[],
  probe: (candidate: Candidate) => Promise<Answer>,
): Promise<Answer | undefined> {
  for (const candidate of candidates) {
    try {
      return await probe(candidate);
    } catch {
      // This one is not there, or cannot do it.
    }
  }
  return undefined;
}

/** The first line that a program prints. */
async function firstLine(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, args);
  return stdout.split('\n')[0]?.trim() ?? '';
}

/** Runs what a package of ours brings, a program in JavaScript. */
async function runFromNpm(url: string, args: readonly string[], cwd: string): Promise<void> {
  await run(process.execPath, [fileURLToPath(url), ...args], { cwd });
}

/** clang with wasi-libc: a wasi-sdk, or the system's with Debian's wasi-libc, lld and libclang-rt. */
async function findC(): Promise<Toolchain> {
  const sdk = process.env['WASI_SDK_PATH'];
  const systems = ['clang', ...Array.from({ length: 8 }, (_, index) => `clang-${21 - index}`)];
  const found = await firstOf(
    [
      ...(sdk === undefined ? [] : [{ clang: join(sdk, 'bin/clang'), flags: ['--target=wasm32-wasi'] }]),
      ...systems.map((clang) => ({ clang, flags: ['--target=wasm32-wasi', '--sysroot=/usr'] })),
    ],
    async ({ clang, flags }) => {
      const scratch = mkdtempSync(join(tmpdir(), 'mayfly-probe-'));
      try {
        writeFileSync(join(scratch, 'probe.c'), '#include <stdio.h>\nint main(void) { return puts(""); }\n');
        await run(clang, [...flags, 'probe.c', '-o', 'probe.wasm'], { cwd: scratch });
      } finally {
        rmSync(scratch, { recursive: true });
      }
      return { clang, flags, version: await firstLine(clang, ['--version']) };
    },
  );
  if (found === undefined)
    return {
      missing:
        'no clang that links for wasm32-wasi: set WASI_SDK_PATH, or install clang, lld, wasi-libc and libclang-rt-dev-wasm32',
    };
  return { version: found.version, build: (guest, scratch) => buildC(guest, scratch, found.clang, found.flags) };
}

async function buildC(guest: Guest, scratch: string, clang: string, flags: readonly string[]): Promise<Uint8Array> {
  const isReactor = readFileSync(guest.source, 'utf8').includes('export_name("handle")');
  const [object, linked] = [join(scratch, 'guest.o'), join(scratch, 'guest.wasm')];
  const cwd = dirname(guest.source);
  const warnings = ['-Wall', '-Wextra', '-Werror'];
  await run(clang, [...flags, '-Oz', ...warnings, '-c', basename(guest.source), '-o', object], { cwd });
  // Linked without -O, for which clang would run whatever wasm-opt is on the PATH. None of the guests prints floats.
  const model = isReactor ? ['-mexec-model=reactor'] : [];
  const options = ['-Wl,-O2', '-Wl,--strip-all', '-lc-printscan-no-floating-point'];
  await run(clang, [...flags, ...model, ...options, object, '-o', linked]);
  return readFileSync(linked);
}

/** A rustc that has the standard library of a WASI preview 1 target, under its new or its old name. */
async function findRust(): Promise<Toolchain> {
  const programs = [process.env['RUSTC'] ?? 'rustc', 'rustc', '/usr/bin/rustc'];
  const candidates = programs.flatMap((rustc) => ['wasm32-wasip1', 'wasm32-wasi'].map((target) => ({ rustc, target })));
  const found = await firstOf(candidates, async ({ rustc, target }) => {
    const folder = await firstLine(rustc, ['--print', 'target-libdir', '--target', target]);
    if (!readdirSync(folder).some((name) => name.startsWith('libstd-'))) throw new Error('It has no standard library');
    return { rustc, target, version: await firstLine(rustc, ['--version']) };
  });
  if (found === undefined)
    return {
      missing: 'no rustc with std for WASI: run rustup target add wasm32-wasip1, or install libstd-rust-dev-wasm32',
    };
  return { version: found.version, build: (guest, scratch) => buildRust(guest, scratch, found.rustc, found.target) };
}

async function buildRust(guest: Guest, scratch: string, rustc: string, target: string): Promise<Uint8Array> {
  const output = join(scratch, 'guest.wasm');
  const codegen = ['opt-level=z', 'lto=fat', 'panic=abort', 'codegen-units=1', 'strip=symbols'];
  const options = [
    '--edition=2021',
    `--target=${target}`,
    '--deny=warnings',
    ...codegen.flatMap((each) => ['-C', each]),
  ];
  // A panic's message names the source as it is named here.
  await run(rustc, [...options, basename(guest.source), '-o', output], { cwd: dirname(guest.source) });
  return readFileSync(output);
}

/** AssemblyScript is one of our packages; asconfig.json beside a source has its options. */
function findAssemblyScript(): Promise<Toolchain> {
  const build: Build = async (guest, scratch) => {
    const output = join(scratch, 'guest.wasm');
    await runFromNpm(import.meta.resolve('assemblyscript/bin/asc.js'), ['--outFile', output], dirname(guest.source));
    return readFileSync(output);
  };
  return Promise.resolve({ version: 'asc, from npm', build });
}

async function findWat(): Promise<Toolchain> {
  const { default: load } = await import('wabt');
  const wabt = await load();
  const build: Build = async ({ source }) => {
    const module = wabt.parseWat(basename(source), readFileSync(source, 'utf8'), { exceptions: true, tail_call: true });
    try {
      module.validate();
      return module.toBinary({}).buffer;
    } finally {
      module.destroy();
    }
  };
  return { version: 'wabt, from npm', build };
}

async function findGo(): Promise<Toolchain> {
  const version = await firstOf(['go'], (go) => firstLine(go, ['version']));
  if (version === undefined) return { missing: 'no go on the PATH: install Go 1.21 or later' };
  const build: Build = async (guest) => {
    await run('sh', ['-c', guest.command ?? 'exit 1'], {
      cwd: dirname(guest.source),
      env: { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '' },
    });
    return readFileSync(guest.artifact);
  };
  return { version, build };
}

const finders: Readonly<Record<Language, () => Promise<Toolchain>>> = {
  [Language.c]: findC,
  [Language.rust]: findRust,
  [Language.assemblyScript]: findAssemblyScript,
  [Language.wat]: findWat,
  [Language.go]: findGo,
};

/** Optimises for size what a compiler made; of the features only such as every compiler uses anyway. */
async function shrink(bytes: Uint8Array, scratch: string): Promise<Uint8Array> {
  const [input, output] = [join(scratch, 'input.wasm'), join(scratch, 'output.wasm')];
  writeFileSync(input, bytes);
  const features = ['mvp-features', 'enable-mutable-globals', 'enable-sign-ext', 'enable-bulk-memory'];
  const sections = ['strip-debug', 'strip-producers', 'strip-target-features'];
  const options = [...features, 'enable-nontrapping-float-to-int', ...sections];
  await runFromNpm(
    import.meta.resolve('binaryen/bin/wasm-opt'),
    [...options.map((option) => `--${option}`), '-Oz', input, '-o', output],
    root,
  );
  return readFileSync(output);
}

/** How it went with one guest. */
interface Row {
  readonly guest: Guest;
  readonly bytes: number | undefined;
  readonly state: string;
  readonly isFailure: boolean;
}

async function buildGuest(guest: Guest, toolchain: Toolchain, isCheck: boolean): Promise<Row> {
  if ('missing' in toolchain)
    return { guest, bytes: undefined, state: `skipped: ${toolchain.missing}`, isFailure: false };
  const scratch = mkdtempSync(join(tmpdir(), 'mayfly-guest-'));
  try {
    const before = existsSync(guest.artifact) ? readFileSync(guest.artifact) : undefined;
    const built = await toolchain.build(guest, scratch);
    const isCompiled = guest.language === Language.c || guest.language === Language.rust;
    const bytes = guest.isExample && isCompiled ? await shrink(built, scratch) : built;
    const isSame = before !== undefined && Buffer.compare(before, bytes) === 0;
    if (!isCheck && !isSame) writeFileSync(guest.artifact, bytes);
    const state = isSame ? 'same' : before === undefined ? 'new' : 'changed';
    return { guest, bytes: bytes.length, state, isFailure: isCheck && !isSame };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { guest, bytes: undefined, state: `failed: ${reason}`, isFailure: true };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

async function main(args: readonly string[]): Promise<number> {
  const isCheck = args.includes('--check');
  const names = args.filter((arg) => arg !== '--check');
  const guests = findGuests();
  const unknown = names.find((name) => !guests.some((guest) => guest.name === name));
  if (unknown !== undefined) {
    const known = guests.map((guest) => guest.name).join(', ');
    console.error(`Cannot build ${unknown}: there is no such guest, --check or some of ${known} are wanted`);
    return 2;
  }

  // What Go makes is too big to be committed, so there is nothing to check.
  const waiting = guests.filter(
    ({ name, language }) => (names.length === 0 || names.includes(name)) && !(isCheck && language === Language.go),
  );
  const toolchains = new Map<Language, Toolchain>();
  for (const language of new Set(waiting.map((guest) => guest.language))) {
    const toolchain = await finders[language]();
    toolchains.set(language, toolchain);
    console.log(`${language.padEnd(16)}${'missing' in toolchain ? 'missing' : toolchain.version}`);
  }

  console.log(`\n${'name'.padEnd(18)}${'language'.padEnd(16)}${'bytes'.padStart(9)}`);
  let failures = 0;
  const worker = async (): Promise<void> => {
    for (let guest = waiting.shift(); guest !== undefined; guest = waiting.shift()) {
      const toolchain = toolchains.get(guest.language) ?? { missing: 'nobody looked for it' };
      const row = await buildGuest(guest, toolchain, isCheck);
      if (row.isFailure) failures += 1;
      const bytes = row.bytes?.toLocaleString('en') ?? '';
      console.log(`${guest.name.padEnd(18)}${guest.language.padEnd(16)}${bytes.padStart(9)}  ${row.state}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
  return failures === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
