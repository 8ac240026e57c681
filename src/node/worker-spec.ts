import { codeCacheEnv, codeCacheFlags } from './code-cache.ts';
import type { ChildSpec } from './guardian-protocol.ts';
import { entryFile, readCodeFlags } from './paths.ts';
import type { WorkerSettings } from './protocol.ts';

/**
 * How a worker is started, and what it may do: listen, run the ticker's thread, and read images and the package's own code. No other
 * file, no child process, no native add-on; what it may do to the code cache it gives up once its code is loaded.
 * https://nodejs.org/api/permissions.html
 */
export function workerSpec({ imagesFolder }: WorkerSettings): ChildSpec {
  return {
    file: entryFile('worker-main'),
    execArgv: [
      '--permission',
      '--allow-net',
      '--allow-worker',
      `--allow-fs-read=${imagesFolder}`,
      ...readCodeFlags(),
      ...codeCacheFlags(),
      '--no-wasm-lazy-compilation',
      // For give-back.ts; guests have no way to it. Young objects keep their room: were it given back too, it would take the worker a
      // second under full load to have it again, in which it cannot keep up.
      '--expose-gc',
      '--min-semi-space-size=16',
      '--disable-warning=PERM0006',
      '--disable-warning=ExperimentalWarning',
    ],
    // The node's own environment may hold what functions are not to see. These two have the C library give freed buffers
    // back to the system instead of keeping ever larger ones: https://man7.org/linux/man-pages/man3/mallopt.3.html
    env: { ...codeCacheEnv(), MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' },
  };
}
