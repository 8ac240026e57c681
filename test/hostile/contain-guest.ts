/** Sends a guest attack to a node, and judges how it ended. */
import type { GuestAttack } from './attack.ts';
import { endingOf } from './answer-parser.ts';
import { Connection } from './connection.ts';
import type { Verdict } from './verdict.ts';

/** Longer than any function's wallMs, on a busy machine. */
const timeoutMs = 30_000;

/** Sends every target of `attack`, as often at once as it says. @returns a verdict for each */
export async function containGuest(attack: GuestAttack, port: number): Promise<Verdict[]> {
  const lanes = attack.atOnce ?? 1;
  const verdicts = await Promise.all(Array.from({ length: lanes }, () => oneLane(attack, port)));
  return verdicts.flat();
}

/** All targets, one after the other, on one connection for as long as that lasts. */
async function oneLane(attack: GuestAttack, port: number): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  let connection = new Connection(port);
  for (const target of attack.targets) {
    if (!connection.isOpen) connection = new Connection(port);
    const problem = await oneTarget(
      attack,
      target,
      () => connection,
      () => (connection = new Connection(port)),
    );
    verdicts.push({ attack: attack.targets.length === 1 ? attack.name : `${attack.name} ${target}`, problem });
  }
  connection.close();
  return verdicts;
}

/** @returns what went wrong */
async function oneTarget(
  attack: GuestAttack,
  target: string,
  current: () => Connection,
  renew: () => Connection,
): Promise<string | undefined> {
  const answer = await exchange(current(), request(attack, target));
  const ending = endingOf(answer);
  if (!attack.ends.includes(ending)) return `it ended with ${ending}, wanted: ${attack.ends.join(', ')}`;
  if (answer !== undefined && answer.code === undefined && answer.isWhole && attack.says?.test(answer.body) === false)
    return `it says ${JSON.stringify(answer.body.slice(0, 80))}, wanted: ${attack.says.source}`;
  const { afterwards } = attack;
  if (afterwards !== undefined) {
    const later = await exchange(
      current().isOpen ? current() : renew(),
      request({ function: attack.function }, afterwards.target),
    );
    if (endingOf(later) !== '200' || !afterwards.says.test(later?.body ?? ''))
      return `afterwards it is ${endingOf(later)} ${JSON.stringify(later?.body.slice(0, 80))}, wanted: ${afterwards.says.source}`;
  }
  return current().leaks.length > 0 ? `it leaks ${current().leaks.join(', ')}` : undefined;
}

async function exchange(connection: Connection, text: string): ReturnType<Connection['answer']> {
  const index = connection.parser.answers.length;
  connection.send(text);
  return connection.answer(index, timeoutMs);
}

function request(attack: Pick<GuestAttack, 'function' | 'method' | 'headers' | 'body'>, target: string): string {
  const { method = 'GET', headers = {}, body } = attack;
  const text = typeof body === 'function' ? body() : body;
  const lines = Object.entries({
    ...headers,
    ...(text === undefined ? {} : { 'Content-Length': String(text.length) }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} /${attack.function}/${target} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n${text ?? ''}`;
}
