/** The supervisor: the process that decides what a node serves. It is started by the guardian, and started again when it ends. */
import { rmSync } from 'node:fs';
import { keepLoadedCode } from './code-cache.ts';
import { GuardianLink } from './guardian-link.ts';
import { keepLoadedCodeMs, logDrainMs } from './limits.ts';
import { createLog } from './log.ts';
import { Supervisor } from './supervisor.ts';
import type { Stop, SupervisorStart } from './guardian-protocol.ts';

let supervisor: Supervisor | undefined;
let begun: SupervisorStart | undefined;

function exit(stop?: Stop): void {
  // The guardian ends whoever takes longer than the deadline and a little more.
  const lastLinesMs = stop?.workers === 'end' ? stop.deadlineMs + logDrainMs : 0;
  const stopped = supervisor === undefined ? Promise.resolve() : supervisor.stop(lastLinesMs);
  void stopped.finally(() => process.exit());
}

const link = new GuardianLink(process, {
  start: (start, children) => {
    begun = start;
    supervisor = new Supervisor(link, start, children, createLog(start.settings.logStyle, {}));
    void supervisor.run();
  },
  stop: exit,
  orphaned: () => {
    // The guardian would have done this.
    if (begun?.settings.dataDir.lifetime === 'temporary')
      rmSync(begun.settings.dataDir.path, { recursive: true, force: true });
    exit();
  },
});
// An interrupt typed at a terminal is the guardian's to act on.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
process.on('SIGTERM', () => exit());
setTimeout(keepLoadedCode, keepLoadedCodeMs).unref();
