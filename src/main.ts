/** The command line's way in: bin/mayfly runs this file. */
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { userCacheFolder } from './base/mod.ts';

// What V8 makes of the code is kept for the next start, which takes a third of the time then. Where it cannot be, nothing is lost.
enableCompileCache({ directory: path.join(userCacheFolder(process.env), 'code') });
// Only now: what is imported above is read before the first line runs.
const { runCli } = await import('./cli/mod.ts');

process.exitCode = await runCli(process.argv.slice(2));
