import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseTemplateAbout, type TemplateAbout } from '../config/mod.ts';
import { packageRoot } from '../node/mod.ts';

/**
 * What `mayfly init` begins functions with: folders of the package, in templates/. Each has a template.toml that says what it is, and
 * files that are copied, with `{{name}}` for the function's name. Adding one is adding a folder.
 */

/** One template. */
export interface Template extends TemplateAbout {
  readonly name: string;
  readonly folder: string;
}

const aboutFile = 'template.toml';
/** npm packs no file of that name, so templates have it without its dot. */
const renamed: ReadonlyMap<string, string> = new Map([['gitignore', '.gitignore']]);

/** Every template, by name. */
export async function listTemplates(): Promise<Template[]> {
  const home = path.join(packageRoot, 'templates');
  const entries = await readdir(home, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const folder = path.join(home, name);
      const about = parseTemplateAbout(await readFile(path.join(folder, aboutFile), 'utf8'));
      return { name, folder, ...about };
    }),
  );
}

/** A file of a template as it is written to a function's folder. */
export interface TemplateFile {
  /** From the folder. */
  readonly path: string;
  readonly text: string;
}

/** A template's files, for a function of this name. */
export async function templateFiles({ folder }: Template, functionName: string): Promise<TemplateFile[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== aboutFile);
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const text = await readFile(path.join(parentPath, name), 'utf8');
      const target = path.join(path.relative(folder, parentPath), renamed.get(name) ?? name);
      return { path: target, text: text.replaceAll('{{name}}', functionName) };
    }),
  );
}
