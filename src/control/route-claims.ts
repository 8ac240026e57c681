import { type FunctionName, MayflyError, type ProjectId } from '../base/mod.ts';
import { hasAnySegment, type Route, routeKey } from '../config/mod.ts';
import { claimsPerHostMax, patternsPerHostMax } from './limits.ts';
import { mayAct } from './may-act.ts';
import type { ControlPolicy } from './ports.ts';
import type { RecordTable } from './record-table.ts';
import type { Claim, HostClaims } from './schemas.ts';
import type { Turns } from './turns.ts';
import { type Actor, Scope } from './types.ts';

/** Who claims routes. */
export interface Claimant {
  readonly project: ProjectId;
  readonly function: FunctionName;
}

/**
 * Which function has claimed which path of which host. All claims on a host are one record, so that no two functions, of whatever
 * projects, come to have the same route. A claim is only kept free for its function: what is routed is what the function's own record
 * says.
 *
 *     routes/org.example.shop      shop.example.org          labels from the top, so that what is below a host is listed together
 *     routes/org.example._wild     *.example.org
 *     routes/_any                  every host
 */
export class RouteClaims {
  readonly #hosts: RecordTable<HostClaims>;
  readonly #turns: Turns;
  readonly #policy: ControlPolicy;

  constructor(hosts: RecordTable<HostClaims>, turns: Turns, policy: ControlPolicy) {
    this.#hosts = hosts;
    this.#turns = turns;
    this.#policy = policy;
  }

  /**
   * Claims `routes`, or none of them.
   * @returns those that were not claimed before
   * @throws MayflyError route_conflict, host_taken, too_many
   */
  claim(claimant: Claimant, routes: readonly Route[], actor: Actor): Promise<readonly Route[]> {
    // Whether a host is free depends on other hosts: one after the other.
    return this.#turns.run('routes', async () => {
      const claimed: Route[] = [];
      try {
        for (const [id, onHost] of Map.groupBy(routes, (route) => hostId(route.host))) {
          if (!mayAct(actor, '*', Scope.admin)) await this.#checkTenant(claimant, id, onHost[0]?.host);
          claimed.push(...(await this.#claimOn(id, claimant, onHost)));
        }
        return claimed;
      } catch (error) {
        await this.#releaseAll(claimant, claimed);
        throw error;
      }
    });
  }

  /** Gives claims up; those that there are not, too. */
  release(claimant: Claimant, routes: readonly Route[]): Promise<void> {
    return this.#turns.run('routes', () => this.#releaseAll(claimant, routes));
  }

  /** Gives up what no function has as a route: `isRouted` knows. */
  sweep(isRouted: (claim: Claim, id: string) => boolean): Promise<void> {
    return this.#turns.run('routes', async () => {
      for (const id of await this.#hosts.ids('')) {
        await this.#hosts.update(id, (host) => {
          const kept = host?.claims.filter((claim) => isRouted(claim, id)) ?? [];
          if (kept.length === host?.claims.length) return host;
          return kept.length === 0 ? undefined : { claims: kept };
        });
      }
    });
  }

  async #claimOn(id: string, claimant: Claimant, routes: readonly Route[]): Promise<Route[]> {
    let added: Route[] = [];
    await this.#hosts.update(id, (host) => {
      const claims = host?.claims ?? [];
      const byPath = new Map(claims.map((claim) => [claim.path, claim]));
      added = [];
      for (const route of routes) {
        const found = byPath.get(route.path);
        if (found === undefined) added.push(route);
        else if (!isBy(claimant, found)) throw conflict(route, claimant, found);
        byPath.set(route.path, { path: route.path, ...claimant });
      }
      if (added.length === 0) return host;
      if (byPath.size > claimsPerHostMax)
        throw new MayflyError('too_many', { what: 'routes on that host', limit: claimsPerHostMax });
      const patterns = byPath.keys().filter(hasAnySegment);
      if (added.some(({ path }) => hasAnySegment(path)) && [...patterns].length > patternsPerHostMax)
        throw new MayflyError('too_many', {
          what: 'routes with a * in the middle on that host',
          limit: patternsPerHostMax,
        });
      return { claims: [...byPath.values()] };
    });
    return added;
  }

  /** A host belongs to the project that is there first; whoever runs the node can let others in. */
  async #checkTenant({ project }: Claimant, id: string, host: string | undefined): Promise<void> {
    const taken = (reason: string): never => {
      throw new MayflyError('host_taken', { host: host ?? '(any)', reason });
    };
    const { anyHostProject, previewDomain } = this.#policy;
    const own = await this.#hosts.get(id);
    const holders = own?.value.claims ?? [];
    if (holders.some((claim) => claim.project === project)) return;
    if (holders.length > 0) taken('another project has claimed it');
    if (host === undefined) {
      if (project !== anyHostProject) taken(`routes without a host are for the project ${anyHostProject}`);
      return;
    }
    const plain = host.replace(/^\*\./, '');
    if (previewDomain !== undefined && isBelow(plain, previewDomain)) taken('it is kept for preview addresses');
    for (const other of await this.#related(id)) {
      if (other.claims.some((claim) => claim.project !== project)) taken('another project has claimed it');
    }
  }

  /** The hosts that take what this one takes, or would without it. */
  async #related(id: string): Promise<readonly HostClaims[]> {
    const labels = id.split('.');
    const above = labels.slice(0, -1).map((_, index) => [...labels.slice(0, index + 1), wild].join('.'));
    const found = await Promise.all(above.filter((each) => each !== id).map((each) => this.#hosts.get(each)));
    const below = labels.at(-1) === wild ? await this.#hosts.list(`${labels.slice(0, -1).join('.')}.`) : [];
    return [...found, ...below].flatMap((row) => (row === undefined ? [] : [row.value]));
  }

  async #releaseAll(claimant: Claimant, routes: readonly Route[]): Promise<void> {
    for (const [id, onHost] of Map.groupBy(routes, (route) => hostId(route.host))) {
      const paths = new Set(onHost.map(({ path }) => path));
      await this.#hosts.update(id, (host) => {
        const kept = host?.claims.filter((claim) => !(isBy(claimant, claim) && paths.has(claim.path))) ?? [];
        if (kept.length === (host?.claims.length ?? 0)) return host;
        return kept.length === 0 ? undefined : { claims: kept };
      });
    }
  }
}

/** In the place of a label: no host has an underscore. */
const wild = '_wild';

/** Names a host's record. */
export function hostId(host: string | undefined): string {
  if (host === undefined) return '_any';
  const labels = host.split('.').toReversed();
  return labels.map((label) => (label === '*' ? wild : label)).join('.');
}

function isBy(claimant: Claimant, claim: Claim): boolean {
  return claim.project === claimant.project && claim.function === claimant.function;
}

function isBelow(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

/** Names the other function only to those who own it. */
function conflict(route: Route, claimant: Claimant, found: Claim): MayflyError {
  const other = found.project === claimant.project ? found.function : 'a function of another project';
  return new MayflyError('route_conflict', { route: routeKey(route), names: [claimant.function, other] });
}
