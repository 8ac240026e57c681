/**
 * A worker: a process of the data plane. It can use the network and read images and its own code, and nothing else: see
 * worker-spec.ts for the permissions it is started with.
 */
import { MayflyError, toWireError, isMayflyError } from '../base/mod.ts';
import { createEngine } from '../engine/mod.ts';
import type { ListeningSocket } from '../gateway/mod.ts';
import { leaveCodeCache } from './code-cache.ts';
import { codeIdentity } from './code-identity.ts';
import { MemoryGiver, ownMemory } from './give-back.ts';
import { giveBackEveryMs, leaveQuietMs, stopDeadlineMs, useReportEveryMs } from './limits.ts';
import { createLog, type Log } from './log.ts';
import type { FromWorker, ToWorker, WorkerCommand } from './protocol.ts';
import { Worker } from './worker.ts';

leaveCodeCache();

const code = codeIdentity();
let worker: Worker | undefined;
let log: Log | undefined;
let isStopping = false;
/** Commands are done one after the other. */
let doing: Promise<void> = Promise.resolve();

function stop(deadlineMs: number, quietMs?: number): void {
  if (isStopping) return;
  isStopping = true;
  const stopped = worker === undefined ? Promise.resolve() : worker.stop(deadlineMs, quietMs);
  void stopped.finally(() => process.exit());
}

function tell(message: FromWorker): void {
  process.send?.(message, () => {});
}

async function obey(command: WorkerCommand, socket: ListeningSocket | undefined): Promise<void> {
  if (command.kind === 'begin') {
    if (command.settings.code !== code) throw new MayflyError('code_changed', {});
    log ??= createLog(command.settings.logStyle, { worker: process.pid });
    const { slotBytesMax } = command.settings;
    worker ??= new Worker(command.settings, {
      engine: createEngine(slotBytesMax === undefined ? {} : { slotBytesMax }),
      log,
      tell,
    });
    return;
  }
  if (worker === undefined) throw new MayflyError('internal', {}, { cause: new Error('it has not begun') });
  switch (command.kind) {
    case 'load':
      return worker.load(command.snapshot);
    case 'switch':
      return worker.switchTo(command.generation);
    case 'warm':
      return worker.warm(command.lease, command.versions);
    case 'cool':
      return worker.cool(command.lease);
    case 'discard':
      return worker.discard(command.generation);
    case 'listen':
      if (socket === undefined) throw new MayflyError('internal', {}, { cause: new Error('no socket came with it') });
      return worker.listen(socket);
  }
}

async function answer(
  { request, command }: Extract<ToWorker, { kind: 'do' }>,
  socket: ListeningSocket | undefined,
): Promise<void> {
  try {
    await obey(command, socket);
    tell({ kind: 'done', request });
  } catch (error) {
    if (!isMayflyError(error) || error.code === 'internal') log?.error({ err: error }, 'worker failed');
    tell({ kind: 'failed', request, error: toWireError(error) });
  }
}

process.on('message', (message: ToWorker, socket: ListeningSocket | undefined) => {
  if (message.kind === 'stop') stop(message.deadlineMs, message.quietMs);
  else if (message.kind === 'linesTaken') worker?.linesTaken();
  else if (message.kind === 'preview') worker?.tellPreview(message.host, message.found);
  // What takes long and changes nothing holds up nothing.
  else if (message.command.kind === 'warm') void doing.then(() => answer(message, socket));
  else if (isStopping) tell({ kind: 'leaving' });
  else doing = doing.then(() => answer(message, socket));
});
const giver = new MemoryGiver(ownMemory());
setInterval(() => giver.check(), giveBackEveryMs).unref();
setInterval(() => worker?.tellUse(), useReportEveryMs).unref();
// An interrupt typed at a terminal reaches every process of the node; the guardian is the one to act on it.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
process.on('SIGTERM', () => {
  // Another worker takes its place meanwhile, and its socket with it.
  tell({ kind: 'leaving' });
  stop(stopDeadlineMs, leaveQuietMs);
});
// Without a guardian nobody could publish to this worker, replace it or stop it.
process.on('disconnect', () => stop(stopDeadlineMs));
