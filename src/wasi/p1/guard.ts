import { Errno } from '../errno.ts';
import { GuestFault } from '../guest-memory.ts';
import type { HostFunction } from '../host.ts';

/** The calls of one group, by their names in `wasi_snapshot_preview1`. */
export type Calls = Readonly<Record<string, HostFunction>>;

/**
 * Wraps calls so that nothing they throw reaches the guest, whose `catch_all` could swallow it: a bad pointer is EFAULT,
 * anything else is a mistake of ours and is told to `onBug`.
 */
export function guarded(calls: Calls, onBug: (error: unknown) => void): Calls {
  return Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, guard(call, onBug)]));
}

function guard(call: HostFunction, onBug: (error: unknown) => void): HostFunction {
  const failed = (error: unknown): number => {
    if (error instanceof GuestFault) return Errno.fault;
    onBug(error);
    return Errno.io;
  };
  // Which values come is decided by the import's type, which p1Signatures gives for the engine to check.
  const run = call as (...values: unknown[]) => number | undefined;
  // Most calls have so few parameters, and an array made for them would take as long as the call.
  if (call.length <= 4) {
    return (a: unknown, b: unknown, c: unknown, d: unknown) => {
      try {
        return run(a, b, c, d);
      } catch (error) {
        return failed(error);
      }
    };
  }
  return (...values) => {
    try {
      return run(...values);
    } catch (error) {
      return failed(error);
    }
  };
}
