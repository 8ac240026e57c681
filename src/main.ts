/** The command line's way in: bin/mayfly runs this file. */
import { runCli } from './cli/mod.ts';

process.exitCode = await runCli(process.argv.slice(2));
