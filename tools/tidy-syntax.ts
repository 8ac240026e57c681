/** The rules of tidy.ts that need a file's syntax. Each takes a parsed file and answers what breaks it. */
import type { Node } from 'oxc-parser';
import type { Finding } from './repository.ts';
import { type ParsedFile, requestedBy, walk } from './syntax.ts';

/** A file says what it is for: at its head, above its first declaration, or above something it exports. */
export function fileHead(file: ParsedFile): Finding[] {
  const isUnitTest = file.path.endsWith('.test.ts') && !file.path.startsWith('test/');
  if (isUnitTest || file.path.endsWith('/mod.ts')) return []; // A mod.ts has a rule of its own.
  const declarations = file.program.body.filter((node) => node.type !== 'ImportDeclaration');
  const saying = declarations.filter((node, index) => index === 0 || node.type.startsWith('Export'));
  const starts = [file.program.body[0], ...saying].filter((node) => node !== undefined).map((node) => node.start);
  const isSaid = file.comments.some(({ end }) =>
    starts.some((start) => end <= start && isBlank(file.text.slice(end, start))),
  );
  if (isSaid || starts.length === 0) return [];
  return [
    {
      path: file.path,
      line: 1,
      problem: 'it does not say what it is for, a docstring at its head or above an export is wanted',
    },
  ];
}

/** A cast says why it is right: on its line, or above its statement. */
export function castReasons(file: ParsedFile): Finding[] {
  if (isTestCode(file.path)) return [];
  const linesWithComment = new Set(file.comments.flatMap(({ start, end }) => [file.lineAt(start), file.lineAt(end)]));
  const findings: Finding[] = [];
  walk(file.program, (node, ancestors) => {
    if (node.type !== 'TSAsExpression' || isConst(node.typeAnnotation)) return;
    const statement = ancestors.findLast(
      ({ type }) => type !== 'BlockStatement' && /Statement$|Declaration$|Definition$/.test(type),
    );
    const line = file.lineAt(node.typeAnnotation.start);
    const above = [line, file.lineAt(node.start), file.lineAt(statement?.start ?? node.start)].map((each) => each - 1);
    if ([line, ...above].some((each) => linesWithComment.has(each))) return;
    findings.push({
      path: file.path,
      line,
      problem: 'it casts and does not say why, a comment on the line or above is wanted',
    });
  });
  return findings;
}

/** Files are named by import declarations only: tsc rewrites `.ts` nowhere else, and dist/ has none. */
export function sourceNames(file: ParsedFile): Finding[] {
  if (!file.path.startsWith('src/') || file.path.endsWith('.test.ts')) return [];
  const findings: Finding[] = [];
  walk(file.program, (node, ancestors) => {
    const text = textOf(node);
    if (text === undefined || !/[^.]\.ts$/.test(text)) return;
    const parent = ancestors.at(-1);
    if (parent !== undefined && requestedBy(parent) === node) return;
    findings.push({
      path: file.path,
      line: file.lineAt(node.start),
      problem: `it names '${text}' outside an import, which is no file once built: the extension of import.meta.filename is wanted`,
    });
  });
  return findings;
}

/** No test is singled out, and none is skipped without its reason. */
export function testMarks(file: ParsedFile): Finding[] {
  if (!file.path.endsWith('.test.ts')) return [];
  const findings: Finding[] = [];
  walk(file.program, (node) => {
    const problem = markedBy(node);
    if (problem !== undefined) findings.push({ path: file.path, line: file.lineAt(node.start), problem });
  });
  return findings;
}

function markedBy(node: Node): string | undefined {
  if (
    node.type === 'Property' &&
    node.key.type === 'Identifier' &&
    node.value.type === 'Literal' &&
    node.value.value === true
  ) {
    if (node.key.name === 'only') return 'it runs only some tests, all are wanted';
    if (['skip', 'todo'].includes(node.key.name)) return `it has ${node.key.name}: true, the reason as text is wanted`;
  }
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return undefined;
  const { object, property } = node.callee;
  if (object.type !== 'Identifier' || property.type !== 'Identifier') return undefined;
  const isTest = ['describe', 'it', 'suite', 'test'].includes(object.name);
  if (isTest && property.name === 'only') return 'it runs only some tests, all are wanted';
  const skips = ['skip', 'todo'].includes(property.name);
  if (isTest && skips) return `it has ${object.name}.${property.name}, { ${property.name}: 'the reason' } is wanted`;
  const isContext = object.name === 't' || object.name === 'context';
  if (isContext && skips && node.arguments.length === 0) return 'it skips a test, the reason as text is wanted';
  return undefined;
}

function textOf(node: Node): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  return node.type === 'TemplateElement' && node.tail ? (node.value.cooked ?? undefined) : undefined;
}

function isConst(type: Node): boolean {
  return type.type === 'TSTypeReference' && type.typeName.type === 'Identifier' && type.typeName.name === 'const';
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

function isTestCode(path: string): boolean {
  return path.startsWith('test/') || path.endsWith('.test.ts');
}
