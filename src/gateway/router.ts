import { hasAnySegment, prefixSuffix, type Route } from '../config/mod.ts';
import { PathPatterns } from './path-patterns.ts';

/**
 * Finds what a host and a path lead to. The most specific route that takes both wins:
 *
 *     host   exact  >  *.longer.suffix  >  *.suffix  >  any
 *     path   at the first segment, from the left, in which two routes differ:    a name  >  *  >  the * of a trailing /*
 *            within one host; an exact path comes before the prefix that ends there
 *
 * A host whose routes do not take the path falls back to the next less specific one. No two routes that differ take a path and are
 * equal in this order: it is total. The table is made once and only read after that: a change is a new table.
 *
 *     #exactHosts      'example.org'   → PathTable { exact: '/a' → T, prefixes: '/a' → T, '' → T, patterns: '/a/*\/b' → T }
 *     #wildcardHosts   'example.org'   → PathTable          (written *.example.org)
 *     #anyHost                           PathTable
 */
export class Router<Target> {
  readonly #exactHosts = new Map<string, PathTable<Target>>();
  readonly #wildcardHosts = new Map<string, PathTable<Target>>();
  readonly #anyHost = new PathTable<Target>();

  constructor(routes: Iterable<readonly [Route, Target]>) {
    for (const [route, target] of routes) this.#tableOf(route.host).add(route.path, target);
  }

  /**
   * @param host lower-case, without a port
   * @param path as it came over the wire, without the query
   */
  find(host: string, path: string): Target | undefined {
    if (this.#exactHosts.size > 0) {
      const found = this.#exactHosts.get(host)?.find(path);
      if (found !== undefined) return found;
    }
    if (this.#wildcardHosts.size > 0) {
      const found = this.#findWildcard(host, path);
      if (found !== undefined) return found;
    }
    return this.#anyHost.find(path);
  }

  #findWildcard(host: string, path: string): Target | undefined {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const found = this.#wildcardHosts.get(host.slice(dot + 1))?.find(path);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #tableOf(host: string | undefined): PathTable<Target> {
    if (host === undefined) return this.#anyHost;
    const isWildcard = host.startsWith('*.');
    const tables = isWildcard ? this.#wildcardHosts : this.#exactHosts;
    const key = isWildcard ? host.slice(2) : host;
    let table = tables.get(key);
    if (table === undefined) {
      table = new PathTable();
      tables.set(key, table);
    }
    return table;
  }
}

class PathTable<Target> {
  readonly #exact = new Map<string, Target>();
  /** By what stands before `/*`. */
  readonly #prefixes = new Map<string, Target>();
  /** Those with a `*` in the middle. Most hosts have none, and look up nothing there. */
  #patterns: PathPatterns<Target> | undefined;
  /** No prefix has more slashes than this: it bounds the work that a path of nothing but slashes can cause. */
  #prefixSlashesMax = 0;

  add(path: string, target: Target): void {
    if (hasAnySegment(path)) {
      this.#patterns ??= new PathPatterns();
      this.#patterns.add(path, target);
      return;
    }
    if (!path.endsWith(prefixSuffix)) {
      this.#exact.set(path, target);
      return;
    }
    const prefix = path.slice(0, -prefixSuffix.length);
    this.#prefixes.set(prefix, target);
    this.#prefixSlashesMax = Math.max(this.#prefixSlashesMax, prefix.split('/').length - 1);
  }

  find(path: string): Target | undefined {
    // Made of names only, it comes before all that have a `*`.
    const exact = this.#exact.get(path);
    if (exact !== undefined || !path.startsWith('/')) return exact;
    const pattern = this.#patterns?.find(path);
    if (pattern === undefined) return this.#prefixes.size > 0 ? this.#findPrefix(path, -1) : undefined;
    // A prefix that goes on with a name where the pattern has its first `*` comes before it.
    return this.#findPrefix(path, pattern.frontLength) ?? pattern.target;
  }

  /** The longest that takes the path, of those longer than `above`. */
  #findPrefix(path: string, above: number): Target | undefined {
    // Where the longest front of the path ends that a prefix could be: at one of its slashes, or with the path.
    let end = -1;
    for (let slashes = 0; slashes <= this.#prefixSlashesMax; slashes++) {
      end = path.indexOf('/', end + 1);
      if (end < 0) {
        end = path.length;
        break;
      }
    }
    for (; end > 0 && end > above; end = path.lastIndexOf('/', end - 1)) {
      const found = this.#prefixes.get(path.slice(0, end));
      if (found !== undefined) return found;
    }
    return above < 0 ? this.#prefixes.get('') : undefined;
  }
}
