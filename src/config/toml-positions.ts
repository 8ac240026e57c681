/**
 * Where the keys of a TOML document stand. smol-toml tells where a syntax error is, not where a key is; a mistake in what a
 * key says needs that too. This reads over a document that smol-toml has accepted, so it need not find mistakes of its own.
 * https://toml.io/en/v1.0.0
 */

import { manifestDepthMax } from './bounds.ts';

/** Counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type KeyPath = readonly (string | number)[];

/** Finds the position of a key, or of the nearest table around it when the key is not there. */
export type LocateKey = (path: KeyPath) => Position;

/** Reads over `text`, which has to be valid TOML. */
export function locateTomlKeys(text: string): LocateKey {
  const offsets = new Scanner(text).scan();
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const offset = offsets.get(pathKey(path.slice(0, length)));
      if (offset !== undefined) return positionAt(text, offset);
    }
    return { line: 1, column: 1 };
  };
}

const pathKey = (path: KeyPath): string => JSON.stringify(path);

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

class Scanner {
  readonly #text: string;
  readonly #offsets = new Map<string, number>();
  /** How many tables each array of tables has so far. */
  readonly #tableCounts = new Map<string, number>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): ReadonlyMap<string, number> {
    let table: KeyPath = [];
    for (this.#skipBlank(); this.#at < this.#text.length; this.#skipBlank()) {
      if (this.#peek() === '[') table = this.#header();
      else this.#keyValue(table);
    }
    return this.#offsets;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #record(path: KeyPath, offset: number): void {
    // What is deeper is refused as a whole, and a path of ten thousand names is not to be copied ten thousand times.
    if (path.length > manifestDepthMax) return;
    const key = pathKey(path);
    if (!this.#offsets.has(key)) this.#offsets.set(key, offset);
  }

  /** Over white space, line ends, commas and comments: whatever may stand between two things. */
  #skipBlank(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#peek();
      if (char === '#') this.#at = this.#lineEnd() - 1;
      else if (!/[\s,]/.test(char)) return;
    }
  }

  #lineEnd(): number {
    const end = this.#text.indexOf('\n', this.#at);
    return end < 0 ? this.#text.length : end;
  }

  /** `[a.b]` or `[[a.b]]`. @returns the path of the table that begins */
  #header(): KeyPath {
    const start = this.#at;
    const isArray = this.#text.startsWith('[[', start);
    this.#at += isArray ? 2 : 1;
    const names = this.#dottedKey();
    this.#at += isArray ? 2 : 1;
    const path: (string | number)[] = [];
    for (const [index, name] of names.entries()) {
      path.push(name);
      const key = pathKey(path);
      const count = this.#tableCounts.get(key);
      if (isArray && index === names.length - 1) {
        this.#record(path, start);
        this.#tableCounts.set(key, (count ?? 0) + 1);
        path.push(count ?? 0);
      } else if (count !== undefined) {
        // A name of an array of tables means the last one of them.
        path.push(count - 1);
      }
      this.#record(path, start);
    }
    return path;
  }

  #keyValue(table: KeyPath): void {
    const start = this.#at;
    const path = [...table];
    for (const name of this.#dottedKey()) {
      path.push(name);
      this.#record(path, start);
    }
    this.#at = this.#text.indexOf('=', this.#at) + 1;
    this.#value(path);
  }

  #dottedKey(): string[] {
    const names: string[] = [];
    do {
      this.#skipSpaces();
      const quote = this.#peek();
      names.push(quote === '"' || quote === "'" ? this.#quoted() : this.#bareKey());
      this.#skipSpaces();
    } while (this.#peek() === '.' && ++this.#at > 0);
    return names;
  }

  #skipSpaces(): void {
    while (this.#peek() === ' ' || this.#peek() === '\t') this.#at++;
  }

  #bareKey(): string {
    const start = this.#at;
    while (/[A-Za-z0-9_-]/.test(this.#peek())) this.#at++;
    // Always forward, so that a document this reader misunderstands cannot hold it up.
    if (this.#at === start) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  /** Over a string of any of the four kinds. @returns what stands between the quotes, escapes and all */
  #quoted(): string {
    const quote = this.#peek();
    const delimiter = this.#text.startsWith(quote.repeat(3), this.#at) ? quote.repeat(3) : quote;
    this.#at += delimiter.length;
    const start = this.#at;
    while (this.#at < this.#text.length && !this.#text.startsWith(delimiter, this.#at)) {
      this.#at += quote === '"' && this.#peek() === '\\' ? 2 : 1;
    }
    const end = this.#at;
    this.#at += delimiter.length;
    // Up to two quotes may stand right before the closing three.
    while (delimiter.length === 3 && this.#peek() === quote) this.#at++;
    return this.#text.slice(start, end);
  }

  #value(path: KeyPath): void {
    this.#skipBlank();
    const char = this.#peek();
    if (char === '"' || char === "'") this.#quoted();
    else if (char === '[') this.#array(path);
    else if (char === '{') this.#inlineTable(path);
    else while (this.#at < this.#text.length && !/[\n,\]}#]/.test(this.#peek())) this.#at++;
  }

  #array(path: KeyPath): void {
    this.#at++;
    for (let index = 0; ; index++) {
      this.#skipBlank();
      if (this.#at >= this.#text.length || this.#peek() === ']') break;
      const element = [...path, index];
      this.#record(element, this.#at);
      this.#value(element);
    }
    this.#at++;
  }

  #inlineTable(path: KeyPath): void {
    this.#at++;
    for (this.#skipBlank(); this.#at < this.#text.length && this.#peek() !== '}'; this.#skipBlank())
      this.#keyValue(path);
    this.#at++;
  }
}
