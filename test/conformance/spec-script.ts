/**
 * Reads the scripts of the WebAssembly specification's tests (.wast): S-expressions whose modules are left as text.
 * https://github.com/WebAssembly/spec/blob/main/interpreter/README.md#scripts
 */

/** A list, an atom or a string. */
export type Node =
  | { readonly kind: 'list'; readonly items: readonly Node[]; readonly start: number; readonly end: number }
  | { readonly kind: 'atom'; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: 'string'; readonly bytes: Uint8Array; readonly start: number; readonly end: number };

export type List = Extract<Node, { kind: 'list' }>;

const simpleEscapes: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, '"': 34, "'": 39, '\\': 92 };
const utf8 = new TextEncoder();

/** All that stands in `text`, one after the other, without annotations. @throws Error when brackets do not match */
export function readScript(text: string): List[] {
  const reader = new ScriptReader(text);
  const commands: List[] = [];
  for (let node = reader.next(); node !== undefined; node = reader.next()) {
    if (node.kind !== 'list') throw new Error(`Cannot read the script: a list is wanted at ${node.start}`);
    commands.push(node);
  }
  return commands;
}

class ScriptReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next node; undefined at the end of the text or of the list it stands in. */
  next(): Node | undefined {
    this.#skipSpace();
    const start = this.#at;
    const first = this.#text[start];
    if (first === undefined || first === ')') return undefined;
    if (first === '(') {
      const list = this.#list(start);
      return headOf(list).startsWith('@') ? this.next() : list;
    }
    if (first === '"') return { kind: 'string', bytes: this.#string(), start, end: this.#at };
    const atom = /[^\s()";]+(?:"[^"]*")?/y;
    atom.lastIndex = start;
    const text = atom.exec(this.#text)?.[0];
    if (text === undefined) throw new Error(`Cannot read the script: nothing is known to begin so at ${start}`);
    this.#at += text.length;
    return { kind: 'atom', text, start, end: this.#at };
  }

  #list(start: number): List {
    this.#at += 1;
    const items: Node[] = [];
    for (let node = this.next(); node !== undefined; node = this.next()) items.push(node);
    if (this.#text[this.#at] !== ')') throw new Error(`Cannot read the script: the list at ${start} does not end`);
    this.#at += 1;
    return { kind: 'list', items, start, end: this.#at };
  }

  #skipSpace(): void {
    for (;;) {
      const space = /(?:\s|;;[^\n]*)*/y;
      space.lastIndex = this.#at;
      this.#at += space.exec(this.#text)?.[0].length ?? 0;
      if (!this.#text.startsWith('(;', this.#at)) return;
      this.#skipComment();
    }
  }

  /** `(; … ;)`, which may be nested. */
  #skipComment(): void {
    let depth = 0;
    do {
      if (this.#text.startsWith('(;', this.#at)) depth += 1;
      else if (this.#text.startsWith(';)', this.#at)) depth -= 1;
      else this.#at -= 1;
      this.#at += 2;
    } while (depth > 0 && this.#at < this.#text.length);
  }

  #string(): Uint8Array {
    const bytes: number[] = [];
    this.#at += 1;
    for (;;) {
      const code = this.#text.codePointAt(this.#at);
      if (code === undefined) throw new Error('Cannot read the script: a string does not end');
      const character = String.fromCodePoint(code);
      this.#at += character.length;
      if (character === '"') return Uint8Array.from(bytes);
      if (character === '\\') bytes.push(...this.#escape());
      else bytes.push(...utf8.encode(character));
    }
  }

  #escape(): Iterable<number> {
    const next = this.#text[this.#at] ?? '';
    const simple = simpleEscapes[next];
    if (simple !== undefined) {
      this.#at += 1;
      return [simple];
    }
    const unicode = /u\{(?<hex>[0-9a-fA-F_]+)\}/y;
    unicode.lastIndex = this.#at;
    const found = unicode.exec(this.#text);
    if (found !== null) {
      this.#at += found[0].length;
      return utf8.encode(String.fromCodePoint(Number.parseInt((found[1] ?? '').replaceAll('_', ''), 16)));
    }
    this.#at += 2;
    return [Number.parseInt(this.#text.slice(this.#at - 2, this.#at), 16)];
  }
}

/** The atom that a list begins with. */
export function headOf(list: List): string {
  const [first] = list.items;
  return first?.kind === 'atom' ? first.text : '';
}

/** A string of a script as text: names are UTF-8. */
export function stringText(node: Node | undefined): string {
  if (node?.kind !== 'string') throw new Error('Cannot read the script: a string is wanted');
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(node.bytes);
}
