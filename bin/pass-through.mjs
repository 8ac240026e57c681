/** Runs another process in this one's place: streams, signals, IPC messages and the way it ends are passed through. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fail, installHint } from './find-node.mjs';

/** Signals that are not meant for this process but for the one it stands for. */
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/** What a terminal sends to the child as well: passed on, it would arrive twice, and a second one means "stop at once". */
const sentByTerminal = ['SIGINT', 'SIGHUP'];

/** Runs `command`, and ends as it ends. */
export function passThrough(command, args) {
  const hasParent = process.send !== undefined;
  const child = spawn(command, args, {
    stdio: hasParent ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
    serialization: 'advanced', // Carries whatever the parent's own channel does; node does not tell which kind that is.
  });

  const pass = (signal) => {
    if (process.stdin.isTTY && sentByTerminal.includes(signal)) return;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, pass);
  if (hasParent) passMessages(child);

  child.on('error', (error) => {
    if (child.pid !== undefined) return; // A message or a signal came too late: `close` tells the rest.
    fail(`Cannot start ${command}: ${error.message}`, installHint);
  });
  child.on('close', (code, signal) => {
    for (const each of signals) process.off(each, pass);
    if (hasParent && process.connected) process.disconnect();
    // A signal that does not end this process, as the first of a container, leaves the code a shell would give.
    process.exitCode = code ?? 128 + constants.signals[signal];
    if (signal) process.kill(process.pid, signal);
  });
}

function passMessages(child) {
  process.on('message', (message, handle) => child.send(message, handle));
  process.on('disconnect', () => child.connected && child.disconnect());
  child.on('message', (message, handle) => process.send(message, handle));
  child.on('disconnect', () => process.connected && process.disconnect());
}
