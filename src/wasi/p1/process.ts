import { Errno } from '../errno.ts';
import { Signal } from './abi.ts';
import type { Calls } from './guard.ts';

/** Ending, and giving way. */
export class Process {
  readonly calls: Calls;
  /** What the guest ended itself with; undefined while it has not, and when it returned instead. */
  exitCode: number | undefined;

  /** `stop` sees to it that the guest never gets to run on. */
  constructor(stop: () => void) {
    const exit = (exitCode: number): void => {
      this.exitCode = exitCode;
      stop();
    };
    this.calls = {
      // (@interface func (export "proc_exit")
      //   (param $rval $exitcode)
      //   (@witx noreturn)
      proc_exit: (exitCode: number): void => exit(exitCode >>> 0),

      // (@interface func (export "proc_raise")
      //   ;;; The signal condition to trigger.
      //   (param $sig $signal)
      // There are no handlers, so a signal does what its default action is; the exit code is the one shells give it.
      proc_raise: (signal: number): Errno => {
        if (signal < 0 || signal > Signal.last) return Errno.inval;
        if (Signal.stopping.some((stopping) => stopping === signal)) return Errno.notsup;
        if (signal !== Signal.none && !Signal.ignored.some((ignored) => ignored === signal)) exit(128 + signal);
        return Errno.success;
      },

      // (@interface func (export "sched_yield")
      // There is nobody in the guest to yield to; the engine gives others their turn without being asked.
      sched_yield: (): Errno => Errno.success,
    };
  }

  unbind(): void {
    this.exitCode = undefined;
  }
}
