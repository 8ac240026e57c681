import { type AdminErrorParams, adminErrors } from './admin-errors.ts';
import { countText } from './count.ts';
import { entry, type ErrorEntry, Fault } from './error-entry.ts';
import { type PlatformErrorParams, platformErrors } from './platform-errors.ts';
import { shownText } from './shown-text.ts';

/**
 * One error class and one table of codes. A code is permanent: callers and tests rely on it. A message says
 * "Cannot ‹act› ‹thing›: ‹what is›, ‹what is wanted›", and a hint says what to do about it.
 */

/** What each error's message is made from, by its permanent code. Offsets are bytes from the artifact's start. */
export interface ErrorParamsByCode extends AdminErrorParams, PlatformErrorParams {
  no_route: object;
  bad_request: { reason: string };
  request_too_large: { limitBytes: number };
  headers_too_large: { limitBytes: number; headersMax: number };
  request_timeout: object;
  guest_trap: { reason: string };
  no_response: object;
  bad_guest_response: { reason: string };
  memory_limit: { limitBytes: number };
  cpu_limit: { limitMs: number };
  overloaded: object;
  engine_closed: object;
  wall_limit: { limitMs: number };
  client_gone: object;
  internal: object;
  artifact_unreadable: { path: string; reason: string; hint?: string };
  not_wasm: { found: string };
  malformed_module: { offset: number; reason: string };
  invalid_module: { offset: number; reason: string };
  unsupported_feature: { offset: number; feature: string; instead?: string };
  module_too_large: { what: string; size: number; limit: number; offset: number };
  unknown_import: { module: string; name: string; instead?: string };
  no_entry_point: object;
  initialise_failed: { reason: string };
  image_corrupt: { reason: string };
  bad_usage: { message: string; hint?: string };
  bad_name: { what: string; name: string };
  bad_limit: { name: string; value: string; wanted: string };
  unknown_limit: { name: string; nearest: string; known: readonly string[] };
  bad_manifest: { path: string; mistakes: readonly string[] };
  build_failed: { name: string; command: string; reason: string; hint?: string };
  folder_not_empty: { path: string; reason: string };
  watch_failed: { path: string; reason: string; hint?: string };
  nothing_to_serve: { path: string; reason: string; hint?: string };
  duplicate_function: { name: string; paths: readonly string[] };
  route_conflict: { route: string; names: readonly string[] };
  listen_failed: { address: string; reason: string; hint?: string };
  data_dir_unusable: { path: string; reason: string };
  builder_failed: { reason: string; hint?: string };
  bad_functions: { problems: readonly FunctionProblem[] };
  worker_failed: { reason: string };
  worker_lost: object;
  supervisor_failed: { reason: string };
  code_changed: object;
}

/** What is wrong with one of several functions. */
export interface FunctionProblem {
  /** The function's name or, where it has none yet, its folder. */
  readonly name: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/** A permanent name of one kind of failure. */
export type ErrorCode = keyof ErrorParamsByCode;

/** What the message of `C` is made from. */
export type ErrorParams<C extends ErrorCode> = ErrorParamsByCode[C];

const problemText = (problem: FunctionProblem): string =>
  `\n  ${problem.name}: ${problem.message} [${problem.code}]${problem.hint === undefined ? '' : `\n    ${problem.hint}`}`;

const reasonLengthMax = 500;

const at = (offset: number): string => `at byte 0x${offset.toString(16)}`;

/** Every error there is, by its permanent code. */
const errorTable: { readonly [C in ErrorCode]: ErrorEntry<ErrorParams<C>> } = {
  ...adminErrors,
  ...platformErrors,

  // What a caller of a function sees (application/problem+json).
  no_route: entry(404, Fault.user, () => 'Cannot route the request: nothing is deployed at this host and path'),
  bad_request: entry(400, Fault.user, (p) => `Cannot read the request: ${p.reason}`),
  request_too_large: entry(
    413,
    Fault.user,
    (p) =>
      `Cannot accept the request's body: it is larger than requestBodyBytes, at most ${p.limitBytes} bytes are wanted`,
  ),
  guest_trap: entry(500, Fault.guest, (p) => `Cannot finish the request: the function ${p.reason}`),
  no_response: entry(500, Fault.guest, () => 'Cannot answer the request: the function returned without a response'),
  bad_guest_response: entry(502, Fault.guest, (p) => `Cannot pass on the function's response: ${p.reason}`),
  memory_limit: entry(
    503,
    Fault.guest,
    (p) => `Cannot finish the request: the function needed more than its memoryBytes of ${p.limitBytes}`,
  ),
  cpu_limit: entry(
    503,
    Fault.guest,
    (p) => `Cannot finish the request: the function used more than its cpuMs of ${p.limitMs}`,
  ),
  overloaded: entry(
    503,
    Fault.operator,
    () => 'Cannot take the request now: no slot is free and the queue is full, or no memory is left',
  ),
  engine_closed: entry(503, Fault.operator, () => 'Cannot load the function: the engine is closed'),
  wall_limit: entry(
    504,
    Fault.guest,
    (p) => `Cannot finish the request: the function took longer than its wallMs of ${p.limitMs}`,
  ),
  client_gone: entry(499, Fault.user, () => 'Cannot finish the request: the client closed the connection'),
  internal: entry(500, Fault.bug, () => 'Cannot finish the request: Mayfly itself failed'),

  headers_too_large: entry(
    431,
    Fault.user,
    (p) => `Cannot accept the request's head: at most ${p.limitBytes} bytes and ${p.headersMax} headers are wanted`,
  ),
  request_timeout: entry(408, Fault.user, () => 'Cannot read the request: it took too long to arrive'),

  // Artifacts: what somebody built, and what is wrong with it. Offsets are in bytes from the artifact's start.
  artifact_unreadable: entry(
    400,
    Fault.user,
    (p) => `Cannot read ${p.path}: ${p.reason}`,
    (p) => p.hint,
  ),
  not_wasm: entry(
    400,
    Fault.user,
    (p) => `Cannot use the artifact: it begins with ${p.found}, a WebAssembly binary (00 61 73 6d) is wanted`,
    () =>
      'Build the function for a WASI target, for example `clang --target=wasm32-wasi` or `cargo build --target wasm32-wasip1`',
  ),
  malformed_module: entry(
    400,
    Fault.user,
    (p) => `Cannot decode the module: ${p.reason} ${at(p.offset)}`,
    () => 'The file is damaged or cut short: build it again',
  ),
  // V8's reasons quote the module's names, and imports are named as the module has them.
  invalid_module: entry(
    400,
    Fault.user,
    (p) => `Cannot accept the module: ${shownText(p.reason, reasonLengthMax)} ${at(p.offset)}`,
  ),
  unsupported_feature: entry(
    400,
    Fault.user,
    (p) => `Cannot serve the module: it uses ${p.feature} ${at(p.offset)}, which Mayfly does not run`,
    (p) => p.instead,
  ),
  module_too_large: entry(
    400,
    Fault.user,
    (p) => `Cannot accept the module: ${p.what} is ${p.size} ${at(p.offset)}, at most ${p.limit} is wanted`,
  ),
  unknown_import: entry(
    400,
    Fault.user,
    (p) =>
      `Cannot serve the module: it imports ${shownText(p.module)}.${shownText(p.name)}, which Mayfly does not provide`,
    (p) => p.instead,
  ),
  no_entry_point: entry(
    400,
    Fault.user,
    () => 'Cannot serve the module: it exports neither _start nor handle, a WASI command or a reactor is wanted',
    () => 'Build it as a program with a main function, not as a library',
  ),
  initialise_failed: entry(400, Fault.guest, (p) => `Cannot prepare the module: its initialiser ${p.reason}`),
  image_corrupt: entry(500, Fault.operator, (p) => `Cannot load the image: ${p.reason}`),

  // The command line and its configuration.
  bad_usage: entry(
    400,
    Fault.user,
    (p) => p.message,
    (p) => p.hint,
  ),
  bad_name: entry(
    400,
    Fault.user,
    (p) =>
      `Cannot name a ${p.what} ${JSON.stringify(p.name)}: at most 63 lower-case letters, digits and inner hyphens are wanted`,
  ),
  bad_limit: entry(400, Fault.user, (p) => `Cannot set limit ${p.name}: it is ${p.value}, ${p.wanted} is wanted`),
  unknown_limit: entry(
    400,
    Fault.user,
    (p) => `Cannot set limit ${p.name}: there is no limit of that name, one of ${p.known.join(', ')} is wanted`,
    (p) => `Did you mean ${p.nearest}?`,
  ),
  bad_manifest: entry(
    400,
    Fault.user,
    (p) =>
      `Cannot use ${p.path}: ${p.mistakes.length === 1 ? '' : `${p.mistakes.length} mistakes\n  `}${p.mistakes.join('\n  ')}`,
  ),
  build_failed: entry(
    400,
    Fault.user,
    (p) => `Cannot build ${p.name}: ${shownText(p.command)} ${p.reason}`,
    (p) => p.hint,
  ),
  folder_not_empty: entry(
    400,
    Fault.user,
    (p) => `Cannot begin a function in ${p.path}: ${p.reason}, a new or an empty folder is wanted`,
    () => 'Name a folder that is not there yet',
  ),
  watch_failed: entry(
    500,
    Fault.operator,
    (p) => `Cannot watch ${p.path} for changes: ${p.reason}`,
    (p) => p.hint,
  ),
  nothing_to_serve: entry(
    400,
    Fault.user,
    (p) => `Cannot serve ${p.path}: ${p.reason}`,
    (p) => p.hint,
  ),
  duplicate_function: entry(
    400,
    Fault.user,
    (p) =>
      `Cannot serve two functions of the same name: ${p.name} is the name in ${p.paths.join(' and ')}, different names are wanted`,
    () => 'Change `name` in one of the manifests',
  ),
  route_conflict: entry(
    400,
    Fault.user,
    (p) => `Cannot route ${p.route}: ${p.names.join(' and ')} both claim it, one function a route is wanted`,
    () => 'Change the route in one of the manifests',
  ),

  // The node.
  listen_failed: entry(
    500,
    Fault.operator,
    (p) => `Cannot listen on ${p.address}: ${p.reason}`,
    (p) => p.hint,
  ),
  data_dir_unusable: entry(
    500,
    Fault.operator,
    (p) => `Cannot use the data directory ${p.path}: ${p.reason}`,
    () => 'Give another one with --data-dir DIR',
  ),
  builder_failed: entry(
    500,
    Fault.guest,
    (p) => `Cannot prepare the artifact: the builder ${p.reason}`,
    (p) => p.hint,
  ),
  bad_functions: entry(
    400,
    Fault.user,
    (p) =>
      `Cannot serve ${countText(p.problems.length, 'function')}: what is wrong stands below${p.problems.map(problemText).join('')}`,
  ),
  worker_failed: entry(500, Fault.operator, (p) => `Cannot start a worker: ${p.reason}`),
  worker_lost: entry(
    502,
    Fault.operator,
    () =>
      'Cannot finish the request: the worker that had it, one of the project’s own, has ended, cut the connection or said nothing for too long',
  ),
  supervisor_failed: entry(500, Fault.operator, (p) => `Cannot start the supervisor: ${p.reason}`),
  code_changed: entry(
    500,
    Fault.operator,
    () => 'Cannot start a worker: the code on disk is not what the supervisor was started from',
    () => 'The node restarts by itself, with the code that is there now',
  ),
};

/** What is known of each code: for the reference. */
export function errorManual(): { readonly code: string; readonly status: number; readonly fault: Fault }[] {
  return Object.entries(errorTable).map(([code, { status, fault }]) => ({ code, status, fault }));
}

/** A failure with a permanent code. The only class of error that Mayfly throws on purpose. */
export class MayflyError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'MayflyError';
  readonly code: C;
  readonly params: ErrorParams<C>;
  /** What to do about it, where there is something to say. */
  readonly hint: string | undefined;

  constructor(code: C, params: ErrorParams<C>, options?: ErrorOptions) {
    const found: ErrorEntry<ErrorParams<C>> = errorTable[code];
    super(found.message(params), options);
    this.code = code;
    this.params = params;
    this.hint = found.hint?.(params);
  }

  /** The HTTP status a caller sees. */
  get status(): number {
    return errorTable[this.code].status;
  }

  get fault(): Fault {
    return errorTable[this.code].fault;
  }
}

/** Whether `error` is a MayflyError, and of `code` where one is given. */
export function isMayflyError(error: unknown, code?: ErrorCode): error is MayflyError {
  return error instanceof MayflyError && (code === undefined || error.code === code);
}

/** The text of whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error as plain data, for crossing a process boundary. */
export interface WireError {
  readonly code: ErrorCode;
  readonly params: object;
}

/** Makes `error` plain data; whatever is not a MayflyError becomes `internal`, and its text stays behind. */
export function toWireError(error: unknown): WireError {
  return isMayflyError(error) ? { code: error.code, params: error.params } : { code: 'internal', params: {} };
}

/** The error that `wire` was made from. What comes from a process that has met untrusted bytes need not be one: it is `internal` then. */
export function fromWireError(wire: unknown): MayflyError {
  try {
    if (isWireError(wire)) return new MayflyError(wire.code, wire.params);
  } catch {
    // Its parameters are not those of its code.
  }
  return new MayflyError('internal', {});
}

function isWireError(wire: unknown): wire is WireError {
  if (typeof wire !== 'object' || wire === null || !('code' in wire) || !('params' in wire)) return false;
  return typeof wire.code === 'string' && Object.hasOwn(errorTable, wire.code) && typeof wire.params === 'object';
}
