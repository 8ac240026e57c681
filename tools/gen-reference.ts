/**
 * `node bin/with-node26.mjs tools/gen-reference.ts [--check]`: writes docs/reference/ from what the code itself goes by: the schema of
 * manifests, the manual of limits, the table of errors, the commands' own help. `--check` writes nothing, and fails where what is
 * there says something else.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadAdminManual } from '../src/admin/mod.ts';
import { errorManual } from '../src/base/mod.ts';
import { commandManual } from '../src/cli/mod.ts';
import { formatQuantity, limitManuals, loadManifestManual } from '../src/config/mod.ts';
import { root } from './repository.ts';

const folder = 'docs/reference';
const command = 'npm run reference';

/** A table in Markdown. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return `${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}`;
}

async function manifestPage(): Promise<string> {
  const example = readFileSync(join(root, 'tools/reference-manifest.toml'), 'utf8');
  const tables = (await loadManifestManual()).map(({ header, about, keys }) => {
    const rows = keys.map((key) => [`\`${key.name}\``, key.form, key.fallback ?? 'has to be there', key.about]);
    const title = header === '' ? '' : `## \`${header}\`\n\n`;
    return `${title}${about}.\n\n${table(['key', 'is', 'when absent', 'means'], rows)}`;
  });
  return page(
    'mayfly.toml',
    `What a function is called, how it is built, what leads to it, and what it may do. It is a [TOML](https://toml.io) file in the
function's folder. All mistakes in it are told at once, each with its line and column, and a key that is not below is one.

\`\`\`toml
${example}\`\`\`

${tables.join('\n')}`,
  );
}

function limitsPage(): string {
  const rows = limitManuals.map(({ name, about, kind, default: value, range }) => [
    `\`${name}\``,
    formatQuantity(value, kind),
    `${formatQuantity(range.min, kind)} to ${formatQuantity(range.max, kind)}`,
    about,
  ]);
  return page(
    'Limits',
    `Every request of every function is bounded by these. They are set in a manifest's \`[limits]\`, and for a whole node with
\`--limit NAME=VALUE\`. A value is a whole number, or one with a unit: \`50ms\`, \`2s\`, \`64KiB\`, \`128MiB\`.

${table(['limit', 'default', 'from, to', 'bounds'], rows)}`,
  );
}

function errorsPage(): string {
  const rows = errorManual().map(({ code, status, fault }) => [`\`${code}\``, String(status), fault]);
  return page(
    'Error codes',
    `Codes are permanent: callers and scripts can rely on them. A caller of a function gets one in the \`code\` of an
\`application/problem+json\` body ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with the status below; a command prints it in brackets behind its message.
Whose fault it is: \`user\` sent the request or typed the command, \`guest\` is the function's author, \`operator\` runs the node, \`bug\` is Mayfly's own.

${table(['code', 'status', 'fault'], rows)}`,
  );
}

function commandsPage(): string {
  const parts = commandManual().map(({ name, help }) => `## mayfly ${name}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`);
  return page(
    'Commands',
    `What each command says with \`--help\`. Exit codes: 0, 1 when it failed, 2 when the command line itself is wrong.

${parts.join('\n')}`,
  );
}

async function adminPage(): Promise<string> {
  const rows = (await loadAdminManual()).map(({ method, path, about, token }) => [
    method,
    `\`${path}\``,
    about,
    token ?? 'none',
  ]);
  return page(
    'Admin API',
    `What \`mayfly deploy\` and its kin speak to a node. It listens on 127.0.0.1:8081 unless \`--admin\` says otherwise, and describes
itself: \`GET /v1/openapi.json\` is an OpenAPI 3.1 document made from the very schemas that check its input.

    curl -H "Authorization: Bearer $(cat ~/.local/share/mayfly/admin-token)" http://127.0.0.1:8081/v1/projects

It also listens on the socket \`run/admin.sock\` of the node’s data directory, which nobody but its user can connect to. Commands on the same
machine that read the operator’s token from there send it nowhere else, unless \`--admin\` or \`MAYFLY_ADMIN\` tells them to.

- **Tokens.** \`Authorization: Bearer mfy_…\`. A token has scopes, each including those behind it: \`admin\`, \`deploy\`, \`read\`. It is
  good for one project or for the whole node. To a token of one project, others do not exist: what is theirs is \`not_found\`.
- **Problems** are \`application/problem+json\` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with a permanent \`code\`: see
  [errors](errors.md). \`bad_input\` has all mistakes at once in \`errors\`, each with a JSON pointer into the body, or the parameter.
- **Input** is strict: a key that is not known is a mistake, and so is a key that is there twice. JSON is at most 1 MiB.
- **Lists** come in parts: \`?limit=\`, and \`?after=\` with the \`next\` of the part before; a \`Link\` header has the same.
- **Once.** A POST with an \`Idempotency-Key\` is done once: repeated within a day it gets the first answer again.
- **Changes** of a function can name what it has to be still: \`If-Match\` with its \`ETag\`, which is its \`revision\`. Else 412.
- **Events.** A deploy with \`Accept: text/event-stream\` tells its steps as events \`progress\` and ends with \`result\` or \`problem\`; logs
  with \`?follow=1\` are events \`line\`.

${table(['method', 'path', 'does', 'token'], rows)}`,
  );
}

function page(title: string, body: string): string {
  return `<!-- Made by \`${command}\` from the code. Change it there. -->\n\n# ${title}\n\n${body}`;
}

async function main(isCheck: boolean): Promise<number> {
  const pages: Readonly<Record<string, string>> = {
    'mayfly-toml.md': await manifestPage(),
    'limits.md': limitsPage(),
    'errors.md': errorsPage(),
    'commands.md': commandsPage(),
    'admin-api.md': await adminPage(),
  };
  let stale = 0;
  for (const [name, text] of Object.entries(pages)) {
    const path = join(root, folder, name);
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    stale += 1;
    if (isCheck) {
      console.log(
        `Cannot accept ${folder}/${name}: it is not what the code says, what \`${command}\` writes is wanted`,
      );
      continue;
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`${folder}/${name}`);
  }
  return isCheck && stale > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.includes('--check'));
