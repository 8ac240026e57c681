/** What the checks ask of a TypeScript file: its imports, its nodes with what surrounds them, its comments and lines. */
import { type Comment, type Node, parseSync, type Program, visitorKeys } from 'oxc-parser';
import type { SourceFile } from './repository.ts';

/** A file and its syntax tree. Offsets are in UTF-16 units from the text's start. */
export interface ParsedFile extends SourceFile {
  readonly program: Program;
  readonly comments: readonly Comment[];
  /** The line an offset stands on, counted from 1. */
  lineAt(offset: number): number;
}

/** One place where a file names another module; types count as much as values. */
export interface ModuleRequest {
  /** Undefined when it is worked out at run time. */
  readonly specifier: string | undefined;
  readonly line: number;
}

/** Parses `file`. @throws SyntaxError */
export function parseFile(file: SourceFile): ParsedFile {
  const { program, comments, errors } = parseSync(file.path, file.text);
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`Cannot parse ${file.path}: ${error.message}`);

  const lineStarts = [0, ...Array.from(file.text.matchAll(/\n/g), (match) => match.index + 1)];
  const lineAt = (offset: number): number => {
    const next = lineStarts.findIndex((start) => start > offset);
    return next === -1 ? lineStarts.length : next;
  };
  return { ...file, program, comments, lineAt };
}

/** Every module that `file` names: in imports, re-exports, `import()` and types. */
export function moduleRequests(file: ParsedFile): ModuleRequest[] {
  const requests: ModuleRequest[] = [];
  walk(file.program, (node) => {
    const source = requestedBy(node);
    if (source === undefined) return;
    const specifier = source.type === 'Literal' && typeof source.value === 'string' ? source.value : undefined;
    requests.push({ specifier, line: file.lineAt(source.start) });
  });
  return requests;
}

/** The node that says which module `node` asks for, when it asks for one. */
export function requestedBy(node: Node): Node | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return node.source;
    case 'ExportNamedDeclaration':
      return node.source ?? undefined;
    default:
      return undefined;
  }
}

/** Calls `visit` with every node below `node` and itself; `ancestors` has the innermost last, and is only valid during the call. */
export function walk(
  node: Node,
  visit: (node: Node, ancestors: readonly Node[]) => void,
  ancestors: Node[] = [],
): void {
  visit(node, ancestors);
  ancestors.push(node);
  for (const key of visitorKeys[node.type] ?? []) {
    const child: unknown = Reflect.get(node, key);
    for (const each of Array.isArray(child) ? child : [child]) if (isNode(each)) walk(each, visit, ancestors);
  }
  ancestors.pop();
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
