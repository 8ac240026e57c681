import { type FunctionSource, prefixSuffix, type Route } from '../config/mod.ts';

/** What to try a served function with: URLs, or a command line where a URL alone would not reach it. */
export function tryLines(source: FunctionSource, url: string): string[] {
  const [first] = source.routes;
  const paths = source.tryPaths.length > 0 ? source.tryPaths : source.routes.slice(0, 1).map(examplePath);
  const host = first?.host;
  return paths.map((path) => {
    const target = `${url}${encodeURI(decodeLoosely(path))}`;
    if (host === undefined) return target;
    return `curl -H 'Host: ${host.replace(/^\*\./, 'any.')}' '${target}'`;
  });
}

/** A path that the route takes. */
function examplePath({ path }: Route): string {
  return path.endsWith(prefixSuffix) ? path.slice(0, -1) : path;
}

/** So that a path is not encoded twice. */
function decodeLoosely(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
