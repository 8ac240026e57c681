/**
 * A worker: a process of the data plane. It can use the network and read images and its own code, and nothing else: see
 * worker-pool.ts for the permissions it is started with.
 */
import { createEngine } from '../engine/mod.ts';
import { MemoryGiver, ownMemory } from './give-back.ts';
import { giveBackEveryMs, stopDeadlineMs } from './limits.ts';
import { createLog } from './log.ts';
import type { ToWorker } from './protocol.ts';
import { Worker } from './worker.ts';

let worker: Worker | undefined;
let isStopping = false;

function stop(deadlineMs: number): void {
  if (isStopping) return;
  isStopping = true;
  const stopped = worker === undefined ? Promise.resolve() : worker.stop(deadlineMs);
  void stopped.finally(() => process.exit());
}

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'start': {
      const { settings, snapshot } = message;
      worker = new Worker(settings, {
        engine: createEngine({}),
        log: createLog(settings.logStyle, { worker: settings.index }),
        tell: (reply) => void process.send?.(reply, () => {}),
      });
      void worker.start(snapshot);
      break;
    }
    case 'publish':
      worker?.publish(message.snapshot);
      break;
    case 'stop':
      stop(message.deadlineMs);
      break;
  }
});
const giver = new MemoryGiver(ownMemory());
setInterval(() => giver.check(), giveBackEveryMs).unref();
// An interrupt typed at a terminal reaches every process of the node; the supervisor is the one to act on it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => stop(stopDeadlineMs));
// Without a supervisor nobody could publish to this worker, heal it or stop it.
process.on('disconnect', () => stop(stopDeadlineMs));
