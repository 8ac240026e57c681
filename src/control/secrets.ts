import { MayflyError, projectId, type ProjectId, shownText } from '../base/mod.ts';
import type { ControlContext } from './context.ts';
import { secretBytesMax, secretsPerProjectMax } from './limits.ts';
import type { Secrets } from './parts.ts';
import { isPlainEnvName, type StoredFunction, type StoredSecret } from './schemas.ts';
import { page, pageSize } from './tables.ts';
import type { Actor, Page, PageOptions, SecretInfo } from './types.ts';

/** Secrets as sealed records. A value goes in, and to the functions that have it, and nowhere else. */
export class RecordedSecrets implements Secrets {
  readonly #context: ControlContext;

  constructor(context: ControlContext) {
    this.#context = context;
  }

  put(project: string, name: string, value: string, actor: Actor): Promise<SecretInfo> {
    const { audit, tables, tools, turns, sealer } = this.#context;
    return audit.around({ actor, action: 'secret.put', project, target: `secrets/${name}` }, async () => {
      const id = projectId(project);
      checkSecret(name, value);
      return turns.run(id, async () => {
        await tables.project(id);
        const found = await tables.secrets.get(secretId(id, name));
        if (found === undefined && (await tables.secrets.ids(`${id}/`)).length >= secretsPerProjectMax)
          throw new MayflyError('too_many', { what: 'secrets', limit: secretsPerProjectMax });
        const info: SecretInfo = { project: id, name, updatedAt: tools.clock.wallMs() };
        const secret = { ...info, sealed: sealer.seal(value, id, name) };
        await tables.secrets.put(secretId(id, name), secret, found?.revision ?? 'absent');
        await this.#renew(id, name);
        return info;
      });
    });
  }

  async list(project: string, options: PageOptions = {}): Promise<Page<SecretInfo>> {
    const size = pageSize(options);
    const { tables } = this.#context;
    const { id } = await tables.project(project);
    const { after } = options;
    const rows = await tables.secrets.list(`${id}/`, {
      limit: size + 1,
      ...(after === undefined ? {} : { after: secretId(id, after) }),
    });
    return page(
      rows.map(({ value }) => secretInfo(value)),
      size,
      ({ name }) => name,
    );
  }

  async get(project: string, name: string): Promise<SecretInfo> {
    const { tables } = this.#context;
    const { id } = await tables.project(project);
    const found = isPlainEnvName(name) ? await tables.secrets.get(secretId(id, name)) : undefined;
    if (found === undefined) throw new MayflyError('not_found', { what: 'secret', name: shownText(name) });
    return secretInfo(found.value);
  }

  delete(project: string, name: string, actor: Actor): Promise<void> {
    const { audit, tables, turns } = this.#context;
    return audit.around({ actor, action: 'secret.delete', project, target: `secrets/${name}` }, () =>
      turns.run(project, async () => {
        const secret = await this.get(project, name);
        const functions = await this.#deployedWith(secret.project, name);
        if (functions.length > 0)
          throw new MayflyError('secret_in_use', { name, functions: functions.map((one) => one.name) });
        await tables.secrets.delete(secretId(secret.project, name), 'any');
      }),
    );
  }

  /** Functions that have the secret get its new value. */
  async #renew(project: ProjectId, name: string): Promise<void> {
    const { serving, tools } = this.#context;
    const functions = await this.#deployedWith(project, name);
    if (functions.length === 0) return;
    const renewed = await Promise.all(functions.map((one) => serving.resolve(one)));
    const cool = await tools.publisher.warm(renewed.flatMap(({ versions }) => versions.map(({ served }) => served)));
    try {
      for (const served of renewed) serving.set(served);
      await serving.publish();
    } finally {
      cool();
    }
  }

  async #deployedWith(project: ProjectId, name: string): Promise<StoredFunction[]> {
    const { tables } = this.#context;
    const found: StoredFunction[] = [];
    for (const { value } of await tables.functions.list(`${project}/`, {}, () => {})) {
      const versions = await Promise.all(value.deployment.entries.map(({ version }) => tables.version(value, version)));
      if (versions.some(({ settings }) => settings.secrets.includes(name))) found.push(value);
    }
    return found;
  }
}

function secretId(project: ProjectId, name: string): string {
  return `${project}/${name}`;
}

function secretInfo({ project, name, updatedAt }: StoredSecret): SecretInfo {
  return { project, name, updatedAt };
}

/** @throws MayflyError bad_settings, which tells nothing of the value */
function checkSecret(name: string, value: string): void {
  const mistakes: string[] = [];
  if (!isPlainEnvName(name) || name.length > 200)
    mistakes.push(`the secret’s name is ${shownText(name)}, letters, digits and _ are wanted`);
  if (Buffer.byteLength(value) > secretBytesMax)
    mistakes.push(`the value is too large, at most ${secretBytesMax} bytes are wanted`);
  if (value.includes('\0')) mistakes.push('the value has a zero byte, text without one is wanted');
  if (mistakes.length > 0) throw new MayflyError('bad_settings', { mistakes });
}
