import { examplePath, type FunctionSource } from '../config/mod.ts';

/** What to try a served function with: URLs, or a command line where a URL alone would not reach it. */
export function tryLines(source: FunctionSource, url: string): string[] {
  const [first] = source.routes;
  const paths =
    source.tryPaths.length > 0 ? source.tryPaths : source.routes.slice(0, 1).map((route) => examplePath(route.path));
  const host = first?.host;
  return paths.map((path) => {
    const target = `${url}${encodeURI(decodeLoosely(path))}`;
    if (host === undefined) return target;
    return `curl -H 'Host: ${host.replace(/^\*\./, 'any.')}' '${target}'`;
  });
}

/** So that a path is not encoded twice. */
function decodeLoosely(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
