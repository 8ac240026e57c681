import { createHash, timingSafeEqual } from 'node:crypto';
import { MayflyError, type ProjectId, randomBytes } from '../base/mod.ts';
import type { ControlContext } from './context.ts';
import { nameLengthMax, tokensPerProjectMax } from './limits.ts';
import type { NewToken, Tokens } from './parts.ts';
import type { StoredToken } from './schemas.ts';
import { page, pageSize } from './tables.ts';
import { type Actor, type Page, type PageOptions, Scope, type TokenId, type TokenInfo } from './types.ts';

/** What a token's text looks like: 32 random bytes. */
const tokenPattern = /^mfy_[A-Za-z0-9_-]{43}$/;
const idPattern = /^[0-9a-z-]{1,64}$/;

/**
 * Tokens as records that hold the hash of what authenticates. A token's id is the first digits of that hash, so that it is found
 * without being stored.
 */
export class RecordedTokens implements Tokens {
  readonly #context: ControlContext;

  constructor(context: ControlContext) {
    this.#context = context;
  }

  create(token: NewToken, actor: Actor): Promise<{ readonly info: TokenInfo; readonly text: string }> {
    const { audit, tables, tools, turns } = this.#context;
    const { name, project, scopes } = token;
    // What a token makes does not outlive it: otherwise one that was lent for a day could be kept.
    const expiresAt = token.expiresAt ?? actor.expiresAt;
    return audit.around({ actor, action: 'token.create', project, target: `tokens/${name}` }, async () => {
      checkToken(token, tools.clock.wallMs(), actor.expiresAt ?? Infinity);
      return turns.run(project, async () => {
        if (project !== '*') await tables.project(project);
        const all = await this.#of(project);
        if (all.length >= tokensPerProjectMax)
          throw new MayflyError('too_many', { what: 'tokens', limit: tokensPerProjectMax });
        const text = `mfy_${Buffer.from(randomBytes(tools.random, 32)).toString('base64url')}`;
        const sha256 = hashOf(text);
        const info: TokenInfo = {
          id: idOf(sha256),
          name,
          project,
          scopes: [...new Set(scopes)].toSorted(),
          createdAt: tools.clock.wallMs(),
          ...(expiresAt === undefined ? {} : { expiresAt }),
        };
        await tables.tokens.put(info.id, { ...info, sha256 }, 'absent');
        return { info, text };
      });
    });
  }

  async list(project: string, options: PageOptions = {}): Promise<Page<TokenInfo>> {
    const size = pageSize(options);
    const { after } = options;
    const all = project === '*' ? await this.#all() : await this.#of(project);
    const rest = all.filter(({ id }) => after === undefined || id > after);
    return page(rest.slice(0, size + 1).map(tokenInfo), size, ({ id }) => id);
  }

  async get(id: string): Promise<TokenInfo> {
    const found = idPattern.test(id) ? await this.#context.tables.tokens.get(id) : undefined;
    if (found === undefined) throw new MayflyError('not_found', { what: 'token', name: id.slice(0, 100) });
    return tokenInfo(found.value);
  }

  async revoke(id: TokenId, actor: Actor): Promise<void> {
    const { audit, tables } = this.#context;
    const { project, name } = await this.get(id);
    await audit.around({ actor, action: 'token.revoke', project, target: `tokens/${id} (${name})` }, () =>
      tables.tokens.delete(id, 'any'),
    );
  }

  async authenticate(text: string): Promise<TokenInfo | undefined> {
    if (!tokenPattern.test(text)) return undefined;
    const { tables, tools } = this.#context;
    const sha256 = hashOf(text);
    const found = await tables.tokens.get(idOf(sha256));
    if (found === undefined) return undefined;
    const { value } = found;
    if (!timingSafeEqual(Buffer.from(value.sha256, 'hex'), Buffer.from(sha256, 'hex'))) return undefined;
    return value.expiresAt === undefined || value.expiresAt > tools.clock.wallMs() ? tokenInfo(value) : undefined;
  }

  async #all(): Promise<StoredToken[]> {
    const { tables, tools } = this.#context;
    const rows = await tables.tokens.list('', {}, (bad) =>
      tools.log.error({ reason: bad.message }, 'a token cannot be read'),
    );
    return rows.map(({ value }) => value);
  }

  async #of(project: ProjectId | string): Promise<StoredToken[]> {
    return (await this.#all()).filter((one) => one.project === project);
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function idOf(sha256: string): TokenId {
  // Where ids of tokens come from.
  return sha256.slice(0, 20) as TokenId;
}

function tokenInfo({ id, name, project, scopes, createdAt, expiresAt }: StoredToken): TokenInfo {
  return { id, name, project, scopes, createdAt, ...(expiresAt === undefined ? {} : { expiresAt }) };
}

/** @throws MayflyError bad_settings */
function checkToken({ name, scopes, expiresAt }: NewToken, nowMs: number, latestMs: number): void {
  const mistakes: string[] = [];
  // Shown in terminals and tables.
  if (name.length === 0 || name.length > nameLengthMax || /[\p{Cc}\p{Cf}]/u.test(name))
    mistakes.push(`name is wanted to have 1 to ${nameLengthMax} printable characters`);
  if (scopes.length === 0) mistakes.push('scopes has none, one or more are wanted');
  for (const scope of scopes)
    if (!Object.hasOwn(Scope, scope))
      mistakes.push(`scopes has ${JSON.stringify(scope)}, ${Object.keys(Scope).join(', ')} are wanted`);
  if (expiresAt !== undefined && !(expiresAt > nowMs)) mistakes.push('expiresAt is past, a time to come is wanted');
  if (expiresAt !== undefined && expiresAt > latestMs)
    mistakes.push('expiresAt is later than that of the token that asks for it, an earlier time is wanted');
  if (mistakes.length > 0) throw new MayflyError('bad_settings', { mistakes });
}
