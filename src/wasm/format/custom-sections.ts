/**
 * What custom sections tell: names of functions, and what tools made the module. They are hints from a stranger: a malformed one
 * is as good as none, and what is taken from one is bounded.
 */
import { isMayflyError } from '../../base/mod.ts';
import type { Module } from './module.ts';
import { Reader } from './reader.ts';

const functionNamesSubsection = 1;
const nameLengthMax = 200;
const namesMax = 20_000;
const producersMax = 64;

/** Function names by index, from the `name` section. https://webassembly.github.io/spec/core/appendix/custom.html#name-section */
export function functionNames(module: Module): Map<number, string> {
  const names = new Map<number, string>();
  const section = customSection(module, 'name');
  if (section === undefined) return names;
  return leniently(names, () => {
    while (!section.done) {
      const id = section.u8();
      const part = section.part(section.u32());
      if (id !== functionNamesSubsection) continue;
      const count = Math.min(part.count('the number of names', module.functionTypes.length), namesMax);
      for (let i = 0; i < count; i++) {
        const index = part.u32();
        names.set(index, part.name().slice(0, nameLengthMax));
      }
    }
  });
}

export interface Producer {
  /** `language`, `processed-by` or `sdk`. */
  readonly field: string;
  readonly name: string;
  readonly version: string;
}

/** https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md */
export function producers(module: Module): Producer[] {
  const found: Producer[] = [];
  const section = customSection(module, 'producers');
  if (section === undefined) return found;
  return leniently(found, () => {
    for (let fields = section.u32(); fields > 0; fields--) {
      const field = section.name().slice(0, nameLengthMax);
      for (let values = section.u32(); values > 0 && found.length < producersMax; values--) {
        found.push({
          field,
          name: section.name().slice(0, nameLengthMax),
          version: section.name().slice(0, nameLengthMax),
        });
      }
    }
  });
}

function customSection(module: Module, name: string): Reader | undefined {
  const section = module.customs.find((custom) => custom.name === name);
  return section === undefined ? undefined : new Reader(module.bytes, section.content.start, section.content.end);
}

/** What was read before something was malformed still counts. */
function leniently<T>(result: T, read: () => void): T {
  try {
    read();
  } catch (error) {
    if (!isMayflyError(error)) throw error;
  }
  return result;
}
