import { parse as parseToml } from 'smol-toml';

/** What a template of `mayfly init` says about itself in its template.toml. They come with the package, so they are in order. */
export interface TemplateAbout {
  /** What it is, in a line. */
  readonly about: string;
  /** What to do in the new folder before the first build, each a command. */
  readonly steps: readonly string[];
  /** A shell's command that ends well where the toolchain is there. */
  readonly probe: string;
  /** What to do where it is not. */
  readonly missing: string;
}

export function parseTemplateAbout(source: string): TemplateAbout {
  const { about, steps, probe, missing } = parseToml(source);
  return {
    about: textOf(about),
    steps: Array.isArray(steps) ? steps.map(textOf) : [],
    probe: textOf(probe),
    missing: textOf(missing).trim(),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
