import { MayflyError } from '../base/mod.ts';

/** What the router needs to know of an endpoint. */
export interface Routable {
  readonly method: string;
  /** Such as `/v1/projects/{project}`: a segment is fixed, or a parameter. */
  readonly path: string;
}

/** An endpoint, and what its path's parameters are in this request. */
export interface Match<E extends Routable> {
  readonly endpoint: E;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the endpoint for a method and a path. A GET answers HEAD too, without its body: RFC 9110, section 9.3.2. */
export class Router<E extends Routable> {
  readonly #rows: readonly { readonly endpoint: E; readonly pattern: readonly string[] }[];

  constructor(endpoints: readonly E[]) {
    this.#rows = endpoints.map((endpoint) => ({ endpoint, pattern: endpoint.path.slice(1).split('/') }));
  }

  /** @throws MayflyError no_endpoint, method_not_allowed */
  match(method: string, segments: readonly string[]): Match<E> {
    const here = this.#rows.flatMap(({ endpoint, pattern }) => {
      const params = matchPattern(pattern, segments);
      return params === undefined ? [] : [{ endpoint, params }];
    });
    const found =
      here.find(({ endpoint }) => endpoint.method === method) ??
      here.find(({ endpoint }) => method === 'HEAD' && endpoint.method === 'GET');
    if (found !== undefined) return found;
    if (here.length === 0) throw new MayflyError('no_endpoint', {});
    const methods = new Set(here.map(({ endpoint }) => endpoint.method));
    if (methods.has('GET')) methods.add('HEAD');
    throw new MayflyError('method_not_allowed', { method, allowed: [...methods] });
  }
}

function matchPattern(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined ? part !== segment : segment === '') return undefined;
    if (name !== undefined) params[name] = segment;
  }
  return params;
}
