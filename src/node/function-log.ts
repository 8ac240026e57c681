import { type FunctionName, isName, type ProjectId } from '../base/mod.ts';
import { logLineBytesMax } from './limits.ts';

/**
 * The log of one function: what its guests write to stderr, and what the platform has to say about it. A line's way:
 *
 *     guest ─▶ guest-log.ts ─▶ function-log-sender.ts ══ IPC ══▶ function-logs.ts ─┬▶ function-log-file.ts   kept, in rotation
 *              lines, at a     worker: batches,                  supervisor: the   └▶ function-log-follower.ts  live
 *              bounded rate    a bounded queue                   only writer
 *
 * Whatever does not fit is dropped, counted and told; nothing on the way waits for the step after it.
 */

/** A line as a worker sends it. */
export interface FunctionLine {
  readonly project: ProjectId;
  readonly function: FunctionName;
  readonly timeMs: number;
  readonly source: LineSource;
  readonly level: LineLevel;
  readonly text: string;
  /** The permanent code of a failure. */
  readonly code?: string;
}

/** Who says it: the guest, or Mayfly about the function. */
export const LineSource = { guest: 'guest', platform: 'platform' } as const;
export type LineSource = (typeof LineSource)[keyof typeof LineSource];

export const LineLevel = { info: 'info', warn: 'warn', error: 'error' } as const;
export type LineLevel = (typeof LineLevel)[keyof typeof LineLevel];

/** A line as it is kept and read. */
export interface LogRecord {
  readonly function: FunctionName;
  /** Its place in the function's log: sorts as text, and stays the same. */
  readonly cursor: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
  readonly source: LineSource;
  readonly level: LineLevel;
  readonly text: string;
  /** The permanent code of a failure. */
  readonly code?: string;
}

/** Characters that JSON lets stand and that a terminal or a reader of lines would act on. */
const actingInJson = /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu;

/** One line of a log file, with its end. Whatever the text holds, it is one line, and a terminal that shows it acts on nothing. */
export function encodeRecord({ function: name, cursor, at, ...rest }: LogRecord): string {
  const time = new Date(at).toISOString();
  const escaped = JSON.stringify({ time, function: name, ...rest, cursor }).replace(actingInJson, (character) =>
    Array.from({ length: character.length }, (_, unit) => unicodeEscape(character.charCodeAt(unit))).join(''),
  );
  return `${escaped}\n`;
}

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

/** Reads a line of a log file. @returns undefined for one that a crash has cut, or that somebody else has written */
export function decodeRecord(line: string): LogRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { function: name, cursor, time, source, level, text, code } = value;
  if (typeof name !== 'string' || !isName(name) || typeof cursor !== 'string' || typeof text !== 'string')
    return undefined;
  const at = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(at) || !isSource(source) || !isLevel(level)) return undefined;
  // Checked above to be a name.
  const record: LogRecord = { function: name as FunctionName, cursor, at, source, level, text };
  return typeof code === 'string' ? { ...record, code } : record;
}

/** Reads what a worker sent. A worker runs what others wrote: it is not believed to send only lines. */
export function readLine(value: unknown): FunctionLine | undefined {
  if (!isObject(value)) return undefined;
  const { project, function: name, timeMs, source, level, text, code } = value;
  if (typeof project !== 'string' || typeof name !== 'string' || !isName(project) || !isName(name)) return undefined;
  if (typeof timeMs !== 'number' || !Number.isFinite(timeMs) || Math.abs(timeMs) > latestMs) return undefined;
  if (!isSource(source) || !isLevel(level) || typeof text !== 'string') return undefined;
  return {
    project: project as ProjectId, // checked above
    function: name as FunctionName, // checked above
    timeMs,
    source,
    level,
    text: text.slice(0, logLineBytesMax),
    ...(typeof code === 'string' ? { code: code.slice(0, codeLengthMax) } : {}),
  };
}

const codeLengthMax = 64;
/** The last moment that a Date can hold. */
const latestMs = 8.64e15;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isSource(value: unknown): value is LineSource {
  return value === LineSource.guest || value === LineSource.platform;
}

function isLevel(value: unknown): value is LineLevel {
  return value === LineLevel.info || value === LineLevel.warn || value === LineLevel.error;
}
