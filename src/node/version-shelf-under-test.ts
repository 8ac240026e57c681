import { CallMeasures, type LoadedFunction } from '../engine/mod.ts';
import { FunctionShelf } from './function-shelf.ts';
import { GuestLog } from './guest-log.ts';
import { VersionShelf } from './version-shelf.ts';

/** A shelf that notes what it loads and closes. @param load makes the function of an image, or throws when it cannot be loaded */
export function makeVersionShelf(
  events: string[],
  load: (image: string) => Promise<LoadedFunction> | LoadedFunction,
): VersionShelf {
  const clock = { monotonicMs: () => 0, wallMs: () => 0 };
  const functions = new FunctionShelf({
    load: async ({ image }) => {
      events.push(`load ${image}`);
      const loaded = { ...(await load(image)), close: async () => void events.push(`close ${image}`) };
      return { loaded, imageBytes: 1 };
    },
    measuresOf: () => new CallMeasures(),
    failed: () => {},
    nowMs: () => performance.now(),
    loadsMax: 4,
    loadedMax: 1000,
    loadedBytesMax: Infinity,
  });
  return new VersionShelf(functions, () => new GuestLog({ line: () => {}, dropped: () => {} }, clock));
}
