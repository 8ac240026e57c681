import type { ProjectId } from '../base/mod.ts';
import { type Actor, Scope } from './types.ts';

const rank: Readonly<Record<Scope, number>> = { [Scope.read]: 0, [Scope.deploy]: 1, [Scope.admin]: 2 };

/** Whether `actor` may do in `project` what takes `scope`; `*` is the node itself, which only a token for all projects reaches. */
export function mayAct(actor: Actor, project: ProjectId | '*', scope: Scope): boolean {
  if (actor.project !== '*' && actor.project !== project) return false;
  return actor.scopes.some((each) => rank[each] >= rank[scope]);
}
