import { buildInChild } from './builder.ts';
import type { ImageStore } from './image-store.ts';
import { defaultProject } from './local-functions.ts';
import type { Log } from './log.ts';
import { prepareFunctions } from './prepare.ts';
import type { DeployedFunction } from './protocol.ts';
import type { SupervisorSettings } from './supervisor-settings.ts';

/**
 * The functions that the command line names, prepared.
 * @throws MayflyError data_dir_unusable, bad_functions
 */
export function commandLineFunctions(
  { functions, env, limits }: SupervisorSettings,
  store: ImageStore,
  log: Log,
  onProgress: (step: string) => void,
): Promise<DeployedFunction[]> {
  return prepareFunctions(functions, store, (artifact, settings) => buildInChild(artifact, settings, { log }), {
    project: defaultProject,
    env,
    limits,
    onProgress,
  });
}
