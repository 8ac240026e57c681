import { answering } from '../../test/support/fake-function.ts';
import { CallMeasures } from '../engine/mod.ts';
import { FunctionShelf } from './function-shelf.ts';
import { GuestLog } from './guest-log.ts';
import { VersionShelf } from './version-shelf.ts';

/** A shelf that notes what it loads and closes; `check` says whether an image can be loaded, by throwing when not. */
export function makeVersionShelf(events: string[], check: (image: string) => Promise<void> | void): VersionShelf {
  const clock = { monotonicMs: () => 0, wallMs: () => 0 };
  const functions = new FunctionShelf({
    load: async ({ image }) => {
      events.push(`load ${image}`);
      await check(image);
      const loaded = { ...answering(image), close: async () => void events.push(`close ${image}`) };
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
