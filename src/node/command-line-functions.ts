import { type Env, type FunctionSource, readLocalSecrets } from '../config/mod.ts';
import { buildInChild } from './builder.ts';
import type { ImageStore } from './image-store.ts';
import { defaultProject } from './local-functions.ts';
import type { Log } from './log.ts';
import { prepareFunctions } from './prepare.ts';
import type { DeployedFunction } from './protocol.ts';
import type { SupervisorSettings } from './supervisor-settings.ts';

/**
 * The functions that the command line names, prepared. Their secrets are those of the `.env` beside each manifest, as it is now.
 * @throws MayflyError data_dir_unusable, bad_functions, artifact_unreadable
 */
export async function commandLineFunctions(
  { functions, env, limits }: SupervisorSettings,
  store: ImageStore,
  log: Log,
  onProgress: (step: string) => void,
): Promise<DeployedFunction[]> {
  const sources = await Promise.all(functions.map((source) => withSecrets(source, env, log)));
  return prepareFunctions(sources, store, (artifact, settings) => buildInChild(artifact, settings, { log }), {
    project: defaultProject,
    env,
    limits,
    onProgress,
  });
}

async function withSecrets(source: FunctionSource, env: Env, log: Log): Promise<FunctionSource> {
  const { folder, secrets = [], vars } = source;
  if (folder === undefined || secrets.length === 0) return source;
  const found = await readLocalSecrets(folder, secrets);
  const missing = found.missing.filter((name) => !Object.hasOwn(env, name));
  if (missing.length > 0)
    log.warn({ function: source.name, names: missing }, 'secrets have no value here: .env or --env can give them one');
  return { ...source, vars: { ...vars, ...found.env } };
}
