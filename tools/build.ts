/** `npm run build`: dist/, which is src/ without its tests and types, as an installed package runs it. */
import { cpSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf, show } from './run-program.ts';
import { root } from './repository.ts';

const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });
process.exitCode = await show([commandOf('typescript', 'tsc'), '--project', 'tsconfig.build.json']);

// What modules load from beside themselves has to stand beside them here too.
for (const path of globSync('**/*.{wasm,json}', { cwd: join(root, 'src') })) {
  cpSync(join(root, 'src', path), join(dist, path));
}
