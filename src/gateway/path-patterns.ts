import { anySegment, mountPath, prefixSuffix } from '../config/mod.ts';

/** A path pattern and where it leads. */
export interface Pattern<Target> {
  readonly target: Target;
  /** Of what stands before its first `*`. */
  readonly frontLength: number;
}

/** Where a pattern is after some of its segments. */
class Step<Target> {
  readonly names = new Map<string, Step<Target>>();
  any: Step<Target> | undefined;
  /** Of the pattern that ends here. */
  end: Pattern<Target> | undefined;
  /** Of the pattern that takes everything from here on. */
  rest: Pattern<Target> | undefined;
}

/**
 * Path patterns with a `*` in the middle, as a tree of their segments:
 *
 *     /a/*\/b   /a/*\/c/*          'a' ─▶ * ─┬▶ 'b'   end
 *                                          └▶ 'c'   rest
 *
 * A look-up goes down it in the order of what is more specific, and comes back where that leads nowhere: each step is tried once at
 * most, and there are as many as the bounds of a route's path and of the routes on one host let there be.
 */
export class PathPatterns<Target> {
  readonly #root = new Step<Target>();

  add(path: string, target: Target): void {
    const pattern: Pattern<Target> = { target, frontLength: path.indexOf(`/${anySegment}`) };
    let step = this.#root;
    for (const segment of mountPath(path).split('/').slice(1)) step = below(step, segment);
    if (path.endsWith(prefixSuffix)) step.rest = pattern;
    else step.end = pattern;
  }

  /** The most specific that takes `path`, which begins with a slash. */
  find(path: string): Pattern<Target> | undefined {
    return search(this.#root, path, 0);
  }
}

function below<Target>(step: Step<Target>, segment: string): Step<Target> {
  const found = segment === anySegment ? step.any : step.names.get(segment);
  if (found !== undefined) return found;
  const next = new Step<Target>();
  if (segment === anySegment) step.any = next;
  else step.names.set(segment, next);
  return next;
}

/** @param at where the slash before the next segment is, or the path's length */
function search<Target>(step: Step<Target>, path: string, at: number): Pattern<Target> | undefined {
  if (at >= path.length) return step.end ?? step.rest;
  const { names, any } = step;
  if (names.size > 0 || any !== undefined) {
    const slash = path.indexOf('/', at + 1);
    const next = slash < 0 ? path.length : slash;
    const name = names.get(path.slice(at + 1, next));
    const found = name === undefined ? undefined : search(name, path, next);
    if (found !== undefined) return found;
    // No pattern takes an empty segment for any.
    if (any !== undefined && next > at + 1) {
      const taken = search(any, path, next);
      if (taken !== undefined) return taken;
    }
  }
  return step.rest;
}
