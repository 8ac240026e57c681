import { isDeepStrictEqual } from 'node:util';
import { MayflyError, shownText } from '../base/mod.ts';
import {
  defaultLimits,
  type Env,
  limitNames,
  type Limits,
  limitWanted,
  type Route,
  routeHostWanted,
  routePathWanted,
} from '../config/mod.ts';
import { allowMax, messageLengthMax, routesPerFunctionMax, varsBytesMax, varsMax } from './limits.ts';
import { isPlainEnvName } from './schemas.ts';
import type { DeployRequest, Project, StickyBy, VersionSettings } from './types.ts';

/** What a deploy may ask for. Every mistake is collected, to be told at once. */

/**
 * The settings of a version, with a value for everything: what is a default today stays so for this version.
 * @throws MayflyError bad_settings
 */
export function resolveSettings(request: DeployRequest, project: Project): VersionSettings {
  const { limits = {}, vars = {}, secrets = [], allow = [] } = request.settings;
  const mistakes = [
    ...limitMistakes(limits, project),
    ...varMistakes(vars, secrets),
    ...allowMistakes(allow),
    ...routeMistakes(request.routes ?? []),
    ...stickyMistakes(request.stickyBy),
  ];
  if ((request.message?.length ?? 0) > messageLengthMax)
    mistakes.push(`message has ${request.message?.length} characters, at most ${messageLengthMax} are wanted`);
  if (mistakes.length > 0) throw new MayflyError('bad_settings', { mistakes });
  return {
    limits: resolveLimits(limits, project),
    // In one order, so that equal settings are equal texts.
    vars: Object.fromEntries(Object.entries(vars).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    secrets: [...new Set(secrets)].toSorted(),
    allow: [...new Set(allow)].toSorted(),
  };
}

/** Makes sure that limits may be set as they are. @throws MayflyError bad_settings */
export function checkLimits(limits: Partial<Limits>): void {
  const mistakes = limitMistakes(limits, undefined);
  if (mistakes.length > 0) throw new MayflyError('bad_settings', { mistakes });
}

/** @throws MayflyError bad_settings */
export function checkSticky(stickyBy: StickyBy | 'none' | undefined): void {
  const mistakes = stickyMistakes(stickyBy);
  if (mistakes.length > 0) throw new MayflyError('bad_settings', { mistakes });
}

/** Whether two versions of these settings are the same to everybody. */
export function sameSettings(a: VersionSettings, b: VersionSettings): boolean {
  return isDeepStrictEqual(a, b);
}

/** What is different in `after`, for people. */
export function settingsChanges(before: VersionSettings, after: VersionSettings): string[] {
  const changes: string[] = [];
  for (const name of limitNames) {
    if (before.limits[name] !== after.limits[name])
      changes.push(`limit ${name} ${before.limits[name]} → ${after.limits[name]}`);
  }
  for (const name of new Set([...Object.keys(before.vars), ...Object.keys(after.vars)])) {
    if (!Object.hasOwn(before.vars, name)) changes.push(`variable ${name} is new`);
    else if (!Object.hasOwn(after.vars, name)) changes.push(`variable ${name} is gone`);
    else if (before.vars[name] !== after.vars[name]) changes.push(`variable ${name} has another value`);
  }
  changes.push(...listChanges('secret', before.secrets, after.secrets));
  changes.push(...listChanges('allowed host', before.allow, after.allow));
  return changes;
}

/** `WHAT x is new`, `WHAT y is gone`. */
export function listChanges(what: string, before: readonly string[], after: readonly string[]): string[] {
  return [
    ...after.filter((each) => !before.includes(each)).map((each) => `${what} ${each} is new`),
    ...before.filter((each) => !after.includes(each)).map((each) => `${what} ${each} is gone`),
  ];
}

function resolveLimits(asked: Partial<Limits>, project: Project): Limits {
  const value = (name: keyof Limits): number =>
    asked[name] ?? Math.min(defaultLimits[name], project.limits[name] ?? Infinity);
  // Made of all the names there are.
  return Object.fromEntries(limitNames.map((name) => [name, value(name)])) as unknown as Limits;
}

function limitMistakes(limits: Partial<Limits>, project: Project | undefined): string[] {
  const mistakes: string[] = [];
  for (const [name, value] of Object.entries(limits)) {
    const known = limitNames.find((each) => each === name);
    if (known === undefined) {
      mistakes.push(`limits.${shownText(name)} is no limit, one of ${limitNames.join(', ')} is wanted`);
      continue;
    }
    const wanted = typeof value === 'number' ? limitWanted(known, value) : 'a number';
    const most = project?.limits[known];
    if (wanted !== undefined) mistakes.push(`limits.${name} is ${shownText(String(value))}, ${wanted} is wanted`);
    else if (most !== undefined && value > most)
      mistakes.push(`limits.${name} is ${value}, at most ${most} is wanted in project ${project?.id}`);
  }
  return mistakes;
}

function varMistakes(vars: Env, secrets: readonly string[]): string[] {
  const mistakes: string[] = [];
  const names = Object.keys(vars);
  if (names.length + secrets.length > varsMax)
    mistakes.push(`there are ${names.length + secrets.length} vars and secrets, at most ${varsMax} are wanted`);
  for (const [name, value] of Object.entries(vars)) {
    if (!isPlainEnvName(name)) mistakes.push(`vars.${shownText(name)} is no name of letters, digits and _`);
    else if (typeof value !== 'string') mistakes.push(`vars.${name} is no text`);
    else if (value.includes('\0')) mistakes.push(`vars.${name} has a zero byte, text without one is wanted`);
  }
  const bytes = names.reduce((sum, name) => sum + name.length + Buffer.byteLength(String(vars[name])), 0);
  if (bytes > varsBytesMax) mistakes.push(`vars have ${bytes} bytes, at most ${varsBytesMax} are wanted`);
  for (const name of secrets) {
    if (!isPlainEnvName(name))
      mistakes.push(`secrets has ${shownText(name)}, names of letters, digits and _ are wanted`);
    else if (Object.hasOwn(vars, name)) mistakes.push(`${name} is a variable and a secret, one of them is wanted`);
  }
  return mistakes;
}

// A host as in a route, or an IP address; with or without a port.
const allowPattern = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

function allowMistakes(allow: readonly string[]): string[] {
  if (allow.length > allowMax) return [`allow has ${allow.length} hosts, at most ${allowMax} are wanted`];
  return allow
    .filter((host) => host.length > 260 || !allowPattern.test(host))
    .map((host) => `allow has ${shownText(host)}, HOST or HOST:PORT in lower case is wanted`);
}

function routeMistakes(routes: readonly Route[]): string[] {
  if (routes.length > routesPerFunctionMax)
    return [`there are ${routes.length} routes, at most ${routesPerFunctionMax} are wanted`];
  return routes.flatMap(({ host, path }, index) => {
    const pathWanted = typeof path === 'string' && path.length <= 1000 ? routePathWanted(path) : 'a path';
    const hostWanted = host === undefined ? undefined : routeHostWanted(host);
    return [
      ...(pathWanted === undefined ? [] : [`routes[${index}].path is ${shownText(path)}, ${pathWanted} is wanted`]),
      ...(hostWanted === undefined
        ? []
        : [`routes[${index}].host is ${shownText(host ?? '')}, ${hostWanted} is wanted`]),
    ];
  });
}

// RFC 9110, section 5.6.2: what the names of headers and of cookies are made of.
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/;

function stickyMistakes(stickyBy: StickyBy | 'none' | undefined): string[] {
  if (stickyBy === undefined || stickyBy === 'none') return [];
  const [what, name] = 'header' in stickyBy ? ['header', stickyBy.header] : ['cookie', stickyBy.cookie];
  return token.test(name) ? [] : [`stickyBy.${what} is ${shownText(name)}, the name of a ${what} is wanted`];
}
