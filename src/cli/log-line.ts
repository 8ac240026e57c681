/** A line of a function's log. Its text is safe to show. */
interface ShownLine {
  readonly source: 'guest' | 'platform';
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
  readonly code?: string | undefined;
}

/** `│ text` of a function, `! text [code]` of the node about it: a function cannot make its own lines look like the node's. */
export function lineText({ source, level, text, code }: ShownLine): string {
  const mark = source === 'guest' ? '│' : level === 'info' ? '·' : '!';
  return `${mark} ${text}${code === undefined ? '' : ` [${code}]`}`;
}
