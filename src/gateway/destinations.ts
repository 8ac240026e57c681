import { isMayflyError, MayflyError } from '../base/mod.ts';
import { type FunctionRoute, type Limits, mountSegments } from '../config/mod.ts';
import type { LoadedFunction } from '../engine/mod.ts';
import type { Target } from './exchange.ts';
import { previewsWaitingMax } from './limits.ts';
import { ResponseHeads } from './response-head.ts';
import type { ServerTiming } from './response-writer.ts';
import { Router } from './router.ts';
import { type StickyBy, TrafficSplit } from './traffic-split.ts';

/** A version of a function, as the data plane knows it. */
export interface GatewayVersion {
  readonly loaded: LoadedFunction;
  readonly limits: Limits;
  /** Other than the gateway's own: `hidden` where the response says itself what it took. */
  readonly serverTiming?: ServerTiming | undefined;
}

/** A deployed function: its versions share what comes in on its routes. */
export interface GatewayFunction {
  readonly routes: readonly FunctionRoute[];
  /** At least one; percents add up to 100. */
  readonly versions: readonly (GatewayVersion & { readonly percent: number })[];
  readonly stickyBy?: StickyBy | undefined;
}

/** Finds versions by hosts of their own. */
export interface PreviewSource {
  /** What is below it is no function's host, but a version's. */
  readonly domain: string;
  /** @throws MayflyError no_route, and what keeps the version from being served */
  find(host: string): Promise<GatewayVersion>;
}

/** What a route leads to. The first is what nearly every request finds. */
export type Destination = Target | TrafficSplit<Target> | PreviewHosts;

/** Makes routing tables. All that can be decided before a request comes is decided here. */
export class Destinations {
  readonly #serverTiming: ServerTiming;
  readonly #previews: PreviewHosts | undefined;

  constructor(serverTiming: ServerTiming, previews: PreviewSource | undefined) {
    this.#serverTiming = serverTiming;
    this.#previews =
      previews === undefined ? undefined : new PreviewHosts(previews, (version) => this.#target(version, ''));
  }

  route(functions: readonly GatewayFunction[]): Router<Destination> {
    const routes = functions.flatMap((one) =>
      one.routes.map((route) => [route, this.#destination(one, route.mountPath)] as const),
    );
    const previews = this.#previews;
    if (previews === undefined) return new Router<Destination>(routes);
    return new Router<Destination>([...routes, [{ host: `*.${previews.domain}`, path: '/*' }, previews]]);
  }

  #destination({ versions, stickyBy }: GatewayFunction, mountPath: string): Destination {
    const shares = versions.map((one) => ({ target: this.#target(one, mountPath), percent: one.percent }));
    const [first, ...others] = shares;
    if (first !== undefined && others.length === 0) return first.target;
    const loaded = first?.target.loaded;
    return new TrafficSplit(shares, stickyBy, `${loaded?.project ?? ''}/${loaded?.name ?? ''}`);
  }

  #target({ loaded, limits, serverTiming }: GatewayVersion, mountPath: string): Target {
    const policy = {
      bodyBytesMax: limits.responseBodyBytes,
      serverTiming: serverTiming ?? this.#serverTiming,
      heads: new ResponseHeads(),
    };
    return { kind: 'target', loaded, limits, policy, mountPath, mountSegments: mountSegments(mountPath) };
  }
}

/** The hosts that single versions have. What is behind one has to be looked up first. */
export class PreviewHosts {
  readonly kind = 'preview';
  readonly domain: string;
  readonly #source: PreviewSource;
  readonly #makeTarget: (version: GatewayVersion) => Target;
  readonly #targets = new WeakMap<GatewayVersion, Target>();
  #waiting = 0;

  constructor(source: PreviewSource, makeTarget: (version: GatewayVersion) => Target) {
    this.domain = source.domain;
    this.#source = source;
    this.#makeTarget = makeTarget;
  }

  /** Calls one of the two once, later. */
  find(host: string, onFound: (target: Target) => unknown, onProblem: (error: MayflyError) => unknown): void {
    // Anybody can ask for a version that nobody has loaded yet.
    if (this.#waiting >= previewsWaitingMax) {
      onProblem(new MayflyError('overloaded', {}));
      return;
    }
    void this.#find(host, onFound, onProblem);
  }

  async #find(
    host: string,
    onFound: (target: Target) => unknown,
    onProblem: (error: MayflyError) => unknown,
  ): Promise<void> {
    let target: Target;
    this.#waiting++;
    try {
      target = this.#targetOf(await this.#source.find(host));
    } catch (error) {
      onProblem(isMayflyError(error) ? error : new MayflyError('internal', {}, { cause: error }));
      return;
    } finally {
      this.#waiting--;
    }
    onFound(target);
  }

  #targetOf(version: GatewayVersion): Target {
    let target = this.#targets.get(version);
    if (target === undefined) {
      target = this.#makeTarget(version);
      this.#targets.set(version, target);
    }
    return target;
  }
}
