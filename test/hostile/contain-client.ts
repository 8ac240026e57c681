/** Lets a client attack loose on a node, and judges how each of its connections ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { endingOf } from './answer-parser.ts';
import type { ClientAttack, Step } from './attack.ts';
import { Connection } from './connection.ts';
import type { Verdict } from './verdict.ts';

/** What a connection is given to end, or to fall silent, once all was sent. */
const defaultWithinMs = 15_000;
/** A connection that has said nothing for so long says nothing more. */
const silentMs = 150;

/** Runs `attack` on as many connections as it says. @returns a verdict for each */
export async function containClient(attack: ClientAttack, port: number): Promise<Verdict[]> {
  const connections = Array.from({ length: attack.connections ?? 1 }, () => oneConnection(attack, port));
  const problems = await Promise.all(connections);
  return problems.map((problem) => ({ attack: attack.name, problem }));
}

async function oneConnection(attack: ClientAttack, port: number): Promise<string | undefined> {
  const bodiless = attack.steps.some((step) => 'send' in step && step.send.startsWith('HEAD '));
  const connection = new Connection(port, { bodiless });
  let hasLeft = false;
  for (const step of attack.steps) {
    hasLeft ||= 'leave' in step && step.leave !== 'half';
    await takeStep(connection, step);
  }
  if (!hasLeft) await settle(connection, attack);
  const wasOpen = connection.isOpen;
  connection.close();
  await connection.closed;
  const ending = summary(connection, wasOpen || hasLeft);
  if (connection.leaks.length > 0) return `it leaks ${connection.leaks.join(', ')}`;
  return attack.ends.some((wanted) => matches(ending, wanted))
    ? undefined
    : `it ended with ${ending}, wanted: ${attack.ends.join(' or ')}`;
}

async function takeStep(connection: Connection, step: Step): Promise<void> {
  if ('waitMs' in step) await Promise.race([sleep(step.waitMs), connection.closed]);
  else if ('reading' in step) {
    if (step.reading === 'stopped') connection.socket.pause();
    else connection.socket.resume();
  } else if ('leave' in step) {
    if (step.leave === 'half') connection.socket.end();
    else if (step.leave === 'reset') connection.socket.resetAndDestroy();
    else connection.socket.destroy();
  } else {
    for (let count = step.repeat ?? 1; count > 0 && connection.isOpen; count--) {
      const hasRoom = connection.send(step.send);
      if (step.everyMs !== undefined) await sleep(step.everyMs);
      else if (!hasRoom) await drained(connection);
    }
  }
}

async function drained(connection: Connection): Promise<void> {
  const room = new Promise<void>((resolve) => connection.socket.once('drain', resolve));
  // A node that reads no more need not be waited for.
  await Promise.race([room, connection.closed, sleep(2000)]);
}

/** Waits until the connection is over, or has as many answers as any end wants and says nothing more. */
async function settle(connection: Connection, { ends, withinMs = defaultWithinMs }: ClientAttack): Promise<void> {
  const deadline = performance.now() + withinMs;
  const wanted = Math.max(...ends.map((end) => end.replace(/ then closed$/, '').split(',').length));
  const closes = ends.every((end) => end.endsWith('then closed'));
  while (connection.isOpen && performance.now() < deadline) {
    if (!closes && connection.parser.answers.length >= wanted) {
      await Promise.race([sleep(silentMs), connection.closed]);
      return;
    }
    await Promise.race([sleep(20), connection.closed]);
  }
}

/** All answers, and whether the node closed the connection. */
function summary(connection: Connection, staysOpen: boolean): string {
  const { answers } = connection.parser;
  const endings = answers.length === 0 ? 'none' : answers.map(endingOf).join(',');
  return staysOpen ? endings : `${endings} then closed`;
}

/** `some 200` stands for one or more of it. An end that leaves it open whether the node closes is as well met when it does. */
function matches(ending: string, wanted: string): boolean {
  if (wanted.startsWith('some ')) {
    const [each = ''] = wanted.slice('some '.length).split(' then closed');
    const parts = ending.replace(/ then closed$/, '').split(',');
    return ending.endsWith('then closed') && parts.every((part) => part === each || part === 'cut');
  }
  return ending === wanted || ending === `${wanted} then closed`;
}
