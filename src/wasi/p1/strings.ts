/** Strings as preview1 hands them over: each ends in a NUL. */

const encoder = new TextEncoder();

/** The offsets of `count` strings within the bytes that hold them. */
export class StringBlock {
  #bytes: Uint8Array = new Uint8Array(0);
  #length = 0;
  /** Where each string starts; what stands behind `#count` is of an earlier load. */
  readonly #offsets: number[] = [];
  #count = 0;

  /** How many strings there are. */
  get count(): number {
    return this.#count;
  }

  /** All strings, one after another. Valid until the next `load`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  get lengthBytes(): number {
    return this.#length;
  }

  /** Where the string `index` starts. */
  offset(index: number): number {
    return this.#offsets[index] ?? 0;
  }

  /** Takes `text`, in which every string ends in a NUL; memory is kept from load to load. */
  load(text: string): void {
    // A UTF-16 unit becomes at most three bytes of UTF-8.
    if (this.#bytes.byteLength < text.length * 3) this.#bytes = new Uint8Array(text.length * 3);
    this.#length = encoder.encodeInto(text, this.#bytes).written;
    this.#count = 0;
    // In ASCII, bytes stand where letters do, and searching a string is several times as fast as searching bytes.
    if (this.#length === text.length) this.#findInText(text);
    else this.#findInBytes();
  }

  #findInText(text: string): void {
    let start = 0;
    for (let nul = text.indexOf('\0'); nul !== -1; nul = text.indexOf('\0', start)) {
      this.#offsets[this.#count++] = start;
      start = nul + 1;
    }
  }

  #findInBytes(): void {
    let start = 0;
    for (let at = 0; at < this.#length; at++) {
      if (this.#bytes[at] !== 0) continue;
      this.#offsets[this.#count++] = start;
      start = at + 1;
    }
  }
}

/** `strings` as one text, each with its NUL. What follows a NUL within a string is left out, as C would not see it either. */
export function nulTerminated(strings: readonly string[]): string {
  let text = '';
  for (const one of strings) text += `${untilNul(one)}\0`;
  return text;
}

/** The part of `text` before its first NUL. */
export function untilNul(text: string): string {
  const nul = text.indexOf('\0');
  return nul === -1 ? text : text.slice(0, nul);
}

/** The environment made of `variables`: `NAME=value` each. What cannot be a name (empty, with `=` or NUL) is left out. */
export function environText(variables: Readonly<Record<string, string>>): string {
  let text = '';
  for (const [name, value] of Object.entries(variables)) {
    if (name !== '' && !/[=\0]/.test(name)) text += `${name}=${untilNul(value)}\0`;
  }
  return text;
}
