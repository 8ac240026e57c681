import { flushCompileCache, getCompileCacheDir } from 'node:module';
import path from 'node:path';

/**
 * What V8 has made of the package's code, kept on disk: a process starts in a third of the time, and without the memory that
 * stripping types takes. main.ts turns it on; it is passed on to the processes of a node by an environment variable.
 * https://nodejs.org/api/module.html#module-compile-cache
 */
const variable = 'NODE_COMPILE_CACHE';

/** The folder of the cache, where it is in use. */
function folder(): string | undefined {
  // One for this version of node, in the folder that was named.
  const versioned = getCompileCacheDir();
  return versioned === undefined ? undefined : path.dirname(versioned);
}

/** What a child finds the cache by. */
export function codeCacheEnv(): Record<string, string> {
  const found = folder();
  return found === undefined ? {} : { [variable]: found };
}

/** The permission to use the cache. Node has none but for both; see `leaveCodeCache`. */
export function codeCacheFlags(): string[] {
  const found = folder();
  return found === undefined ? [] : [`--allow-fs-read=${found}`, `--allow-fs-write=${found}`];
}

/** Keeps what has been loaded so far for the processes that start later. */
export function keepLoadedCode(): void {
  flushCompileCache();
}

/**
 * Keeps what has been loaded so far, and gives up the permission to write to the cache, which holds code that will run. To be called
 * before the process has met anything that is not to be trusted.
 */
export function leaveCodeCache(): void {
  const found = folder();
  if (found === undefined) return;
  flushCompileCache();
  process.permission?.drop('fs.write', found);
  process.permission?.drop('fs.read', found);
}
