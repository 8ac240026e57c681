import type { ProjectId } from '../base/mod.ts';
import { buildInChild } from './builder.ts';
import type { ImageStore } from './image-store.ts';
import type { Log } from './log.ts';
import { prepareFunctions } from './prepare.ts';
import type { DeployedFunction } from './protocol.ts';
import type { SupervisorSettings } from './supervisor-settings.ts';

/** The owner of everything that is served without a control plane. */
const defaultProject = 'default' as ProjectId;

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
