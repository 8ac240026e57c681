import { type PageAsk, type PageResource, everyItem } from '../admin/mod.ts';
import { shownText } from '../base/mod.ts';
import { table, type Terminal } from './terminal.ts';

/** What a list is printed with. */
export interface Listing<Item> {
  readonly list: (page: PageAsk) => Promise<PageResource<Item>>;
  readonly columns: readonly string[];
  readonly row: (item: Item) => readonly string[];
  /** Said when there is nothing. */
  readonly empty: string;
  readonly json: true | undefined;
  /** Items at most; all when absent. */
  readonly limit?: number | undefined;
}

/** Prints all items of a list: a table for people, an array for programs. */
export async function printList<Item>(terminal: Terminal, listing: Listing<Item>): Promise<void> {
  const { list, columns, row, empty, json, limit = Infinity } = listing;
  const items: Item[] = [];
  for await (const item of everyItem((page) => list({ ...page, limit: Math.min(limit, 500) }))) {
    if (items.length >= limit) break;
    items.push(item);
  }
  if (json === true) printJson(terminal, items);
  else if (items.length === 0) terminal.say(`${empty}\n`);
  else terminal.print(listText(columns, items.map(row)));
}

/** A table with a head. What stands in it was written by others: it is shown so that a terminal does not act on it. */
export function listText(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return table(
    [columns, ...rows].map((cells) => cells.map((cell) => shownText(cell))),
    '',
  );
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.print(`${jsonText(value, 2)}\n`);
}

/** What JSON leaves as it is and a terminal may act on. */
const acting = /[\u007f-\u009f\p{Cf}\u2028\u2029]/gu;

/** JSON that means the same, and that a terminal does not act on: what others wrote is in it. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(acting, (found) =>
    Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
      '',
    ),
  );
}

/** `2026-01-31 12:00:00`, in this machine's time zone. */
export function timeText(rfc3339: string): string {
  const date = new Date(rfc3339);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return Number.isNaN(date.getTime()) ? rfc3339 : local.toISOString().slice(0, 19).replace('T', ' ');
}
