import { MayflyError } from '../base/mod.ts';
import { jsonDepthMax } from './limits.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads JSON that means the same to everybody: UTF-8, no key twice, no key that JavaScript takes for the prototype, no nesting
 * that serves nothing but to exhaust a stack.
 * https://www.rfc-editor.org/rfc/rfc8259
 * @throws MayflyError bad_json
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new MayflyError('bad_json', { reason: 'it is not UTF-8' });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MayflyError('bad_json', { reason: 'it is not JSON' });
  }
  const problem = looseEnd(text);
  if (problem !== undefined) throw new MayflyError('bad_json', { reason: problem });
  return value;
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** What JSON.parse lets pass in `text`, which it has read; undefined when there is nothing. */
function looseEnd(text: string): string | undefined {
  /** The keys of each object that is open; null for an array. */
  const open: (Set<string> | null)[] = [];
  let isKeyNext = false;
  for (const [found] of text.matchAll(token)) {
    if (found === '{' || found === '[') {
      if (open.length === jsonDepthMax) return `it is nested deeper than ${jsonDepthMax}`;
      open.push(found === '{' ? new Set() : null);
      isKeyNext = found === '{';
    } else if (found === '}' || found === ']') {
      open.pop();
      isKeyNext = false;
    } else if (found === ',') isKeyNext = open.at(-1) !== null;
    else if (found === ':') isKeyNext = false;
    else if (isKeyNext) {
      const keys = open.at(-1);
      // It is a string of a text that has been parsed.
      const key = JSON.parse(found) as string;
      if (key === '__proto__') return 'it has a key __proto__';
      if (keys?.has(key) === true) return `it has a key twice: ${JSON.stringify(key.slice(0, 100))}`;
      keys?.add(key);
    }
  }
  return undefined;
}
