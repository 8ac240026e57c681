/**
 * What `mayfly test` starts node with: `mayfly/test` is found from every folder, also where nothing is installed, and it is this very
 * Mayfly's. https://nodejs.org/api/module.html#moduleregisterhooksoptions
 */
import { registerHooks } from 'node:module';
import path from 'node:path';

const extension = path.extname(import.meta.filename);
const format = extension === '.js' ? 'module' : 'module-typescript';
const files: ReadonlyMap<string, string> = new Map([
  ['mayfly', new URL(`../mod${extension}`, import.meta.url).href],
  ['mayfly/test', new URL(`../test${extension}`, import.meta.url).href],
]);

registerHooks({
  resolve: (specifier, context, next) => {
    const url = files.get(specifier);
    return url === undefined ? next(specifier, context) : { url, format, shortCircuit: true };
  },
});
