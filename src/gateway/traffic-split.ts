import type { HeaderPairs } from '../engine/mod.ts';

/** What keeps a client at one of several versions. */
export type StickyBy = { readonly header: string } | { readonly cookie: string };

/** One of those that share traffic. */
export interface Share<Target> {
  readonly target: Target;
  /** A whole number from 1 to 100. */
  readonly percent: number;
}

/**
 * Shares the requests for one route between several targets.
 *
 * Of any 100 requests in a row each target gets just its percents, spread as evenly as can be:
 *
 *     #wheel   A A A B A A A A A A A A A B …     100 places, gone round and round
 *
 * A request with the sticky header or cookie goes where the hash of that falls, the same on every worker and every node:
 *
 *     0 ───────── A ───────── 90 ── B ── 100     in the order of the targets, so that more for B moves clients from A to B only
 */
export class TrafficSplit<Target> {
  readonly kind = 'split';
  readonly #wheel: readonly Target[];
  readonly #ends: readonly { readonly target: Target; readonly end: number }[];
  readonly #readKey: ((headers: HeaderPairs) => string | undefined) | undefined;
  readonly #salt: number;
  #turn = 0;

  /**
   * @param shares add up to 100, at least one
   * @param name has clients of one function fall elsewhere than those of another
   */
  constructor(shares: readonly Share<Target>[], stickyBy: StickyBy | undefined, name: string) {
    this.#wheel = wheelOf(shares);
    let end = 0;
    this.#ends = shares.map(({ target, percent }) => ({ target, end: (end += percent) }));
    this.#salt = hash(name, fnvOffset);
    if (stickyBy !== undefined) {
      this.#readKey =
        'header' in stickyBy ? headerReader(stickyBy.header.toLowerCase()) : cookieReader(stickyBy.cookie);
    }
  }

  /** Where a request with these headers goes. */
  choose(headers: HeaderPairs): Target {
    const key = this.#readKey?.(headers);
    if (key !== undefined) return this.#byKey(key);
    const turn = this.#turn;
    this.#turn = turn === 99 ? 0 : turn + 1;
    return this.#wheel[turn] ?? this.#last();
  }

  #byKey(key: string): Target {
    // A number from 0 up to, and without, 100.
    const place = (mixed(hash(key, this.#salt)) / 2 ** 32) * 100;
    return this.#ends.find(({ end }) => place < end)?.target ?? this.#last();
  }

  #last(): Target {
    const last = this.#ends.at(-1);
    if (last === undefined) throw new RangeError('a split of nothing');
    return last.target;
  }
}

/** Whose turn it is at each of 100 places: always that of whoever is furthest behind its share. */
function wheelOf<Target>(shares: readonly Share<Target>[]): Target[] {
  const behind = shares.map(() => 0);
  return Array.from({ length: 100 }, () => {
    let next = 0;
    for (const [index, { percent }] of shares.entries()) {
      behind[index] = (behind[index] ?? 0) + percent;
      if ((behind[index] ?? 0) > (behind[next] ?? 0)) next = index;
    }
    behind[next] = (behind[next] ?? 0) - 100;
    const share = shares[next];
    if (share === undefined) throw new RangeError('a split of nothing');
    return share.target;
  });
}

/** Reads the first header of a name. */
function headerReader(name: string): (headers: HeaderPairs) => string | undefined {
  return (headers) => {
    for (let index = 0; index < headers.length; index += 2) {
      const found = headers[index];
      if (found?.length === name.length && found.toLowerCase() === name) return headers[index + 1];
    }
    return undefined;
  };
}

/** Reads the first cookie of a name; names of cookies are case-sensitive. RFC 6265, section 4.2. */
function cookieReader(name: string): (headers: HeaderPairs) => string | undefined {
  const prefix = `${name}=`;
  return (headers) => {
    for (let index = 0; index < headers.length; index += 2) {
      if (headers[index]?.toLowerCase() !== 'cookie') continue;
      for (const part of (headers[index + 1] ?? '').split(';')) {
        const pair = part.trim();
        if (pair.startsWith(prefix)) return pair.slice(prefix.length);
      }
    }
    return undefined;
  };
}

// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/. Whoever chooses a key may choose where it falls: only his own request goes there.
const fnvOffset = 0x811c9dc5;
const fnvPrime = 0x01000193;

function hash(text: string, start: number): number {
  let value = start;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), fnvPrime);
  return value >>> 0;
}

/** Spreads what differs in the last characters over all bits: the end of MurmurHash3. */
function mixed(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
