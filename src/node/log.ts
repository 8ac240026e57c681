import { type DestinationStream, type Logger, pino } from 'pino';
import { shownText } from '../base/mod.ts';
import { logLineBytesMax, logQueueBytes } from './limits.ts';

/** The operator's log: what the node itself has to say, and what functions write to stderr. */
export type Log = Logger;

/** For machines, or for a person at a terminal. */
export const LogStyle = { json: 'json', pretty: 'pretty' } as const;
export type LogStyle = (typeof LogStyle)[keyof typeof LogStyle];

/**
 * A log to this process's stderr. It never waits: a reader that is stuck costs lines, not requests.
 * @param fields stand on every line
 */
export function createLog(style: LogStyle, fields: object): Log {
  const stderr = pino.destination({ fd: 2, sync: false, maxLength: logQueueBytes });
  const destination: DestinationStream =
    style === LogStyle.json ? stderr : { write: (line) => void stderr.write(prettyLine(line)) };
  return pino({ base: fields, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

const levels: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** `12:00:01 warn  worker ended, it is started again  worker=1 reason="signal SIGKILL"` */
export function prettyLine(json: string): string {
  const record: unknown = JSON.parse(json);
  if (typeof record !== 'object' || record === null) return json;
  // Checked above: pino writes objects.
  const { level, time, msg, ...fields } = record as Record<string, unknown>;
  const clock = String(time).slice(11, 19);
  const name = (levels[Number(level)] ?? '').padEnd(5);
  const tail = Object.entries(fields).map(([key, value]) => `${key}=${fieldText(value)}`);
  // Functions write what they like, and this is a terminal.
  return `${[`${clock} ${name} ${shownText(String(msg), logLineBytesMax)}`, ...tail].join('  ')}\n`;
}

function fieldText(value: unknown): string {
  return typeof value === 'string' && /^[\w./:-]+$/.test(value) ? value : JSON.stringify(value);
}
