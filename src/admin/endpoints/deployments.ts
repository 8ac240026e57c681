import { type Digest, MayflyError } from '../../base/mod.ts';
import { Scope } from '../../control/mod.ts';
import { type Endpoint, endpoint, Reach } from '../endpoint.ts';
import { deployedSchema, deploySchema } from '../schemas.ts';
import { functionView, versionView } from '../views.ts';

/** Uploads of artifacts, and deploys of what was uploaded. */
export const deploymentEndpoints: readonly Endpoint[] = [
  endpoint({
    id: 'hasArtifact',
    method: 'HEAD',
    path: '/v1/projects/{project}/artifacts/{digest}',
    summary: 'Whether the project has the artifact: 204 when it does, 404 when not, whatever other projects have',
    access: { scope: Scope.deploy, reach: Reach.project },
    status: 204,
    handle: async ({ params }, { control }) => {
      if (await control.artifacts.has(params.project, params.digest)) return {};
      throw new MayflyError('not_found', { what: 'artifact', name: params.digest });
    },
  }),
  endpoint({
    id: 'putArtifact',
    method: 'PUT',
    path: '/v1/projects/{project}/artifacts/{digest}',
    summary: 'Upload an artifact under the sha256 of its bytes, which is checked',
    access: { scope: Scope.deploy, reach: Reach.project },
    body: 'bytes',
    status: 204,
    handle: async ({ params, bytes, actor }, { control }) => {
      await control.artifacts.put(params.project, params.digest, bytes(), actor);
      return {};
    },
  }),
  endpoint({
    id: 'deploy',
    method: 'POST',
    path: '/v1/projects/{project}/functions/{function}/deployments',
    summary: 'Make a version of an artifact and settings, and give it traffic once every worker has it warm',
    condition: 'if-match',
    access: { scope: Scope.deploy, reach: Reach.project },
    kind: 'progress',
    body: deploySchema,
    answer: deployedSchema,
    status: 200,
    handle: async ({ params, body, actor, expected, progress }, services) => {
      const { force, artifact, ...request } = body;
      const deployed = await services.control.functions.deploy(
        params.project,
        params.function,
        // Its form has been checked by the schema.
        { ...request, artifact: artifact as Digest, expected, ...(force === true ? { force: 'force' } : {}) },
        actor,
        progress,
      );
      return {
        body: {
          outcome: deployed.outcome,
          version: versionView(deployed.version, services),
          function: functionView(deployed.function, services),
          changes: deployed.changes,
          steps: deployed.steps,
        },
      };
    },
  }),
];
