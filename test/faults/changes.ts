import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeUnderTest } from '../support/node-under-test.ts';
import type { Asking } from '../support/steady-load.ts';
import { assemble } from '../support/wasm-text.ts';

/**
 * Something that changes what a node serves while its processes are killed. Versions are numbers: a function answers with its own.
 * What was acknowledged has to be served from then on; what was begun and not acknowledged may be served or not.
 */
export interface Changes {
  /** Has a node that has just started serve what there is at the beginning, unless it does. */
  prepare?(node: NodeUnderTest): Promise<void>;
  /** Has the node serve `version`. @throws Error when it does not acknowledge that */
  make(node: NodeUnderTest, version: number): Promise<void>;
  /** @returns what does not fit together of what the node says */
  check?(node: NodeUnderTest): Promise<string[]>;
}

/** Which versions may be seen, as changes are begun and acknowledged. */
export class Versions {
  #allowed: ReadonlySet<number> = new Set([0]);
  #newest = 0;

  /** Makes one change. @returns whether it was acknowledged */
  async change(changes: Changes, node: NodeUnderTest): Promise<'acknowledged' | 'refused'> {
    const version = (this.#newest += 1);
    this.#allowed = new Set([...this.#allowed, version]);
    try {
      await changes.make(node, version);
    } catch {
      return 'refused';
    }
    this.#allowed = new Set([version]);
    return 'acknowledged';
  }

  /** A request whose answer has to be a version that may be seen when it is asked, or one that comes until it is answered. */
  ask(): Asking {
    const before = this.#allowed;
    return {
      path: '/version/',
      judge: (status, body) => {
        const version = Number(/^version (\d+)\n$/.exec(body)?.[1] ?? Number.NaN);
        if (status === 200 && (before.has(version) || this.#allowed.has(version))) return undefined;
        return `status ${status}, ${body}, where version ${[...before, ...this.#allowed].join(' or ')} is wanted`;
      },
    };
  }
}

/** Changes an artifact on disk, and asks the node to restart: its supervisor has a builder make the image. */
export class RestartChanges implements Changes {
  readonly #artifact: string;

  /** @param folder where the function is, which is made here with version 0 */
  constructor(folder: string) {
    this.#artifact = path.join(folder, 'version.wasm');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'mayfly.toml'), 'name = "version"\nmain = "version.wasm"\n');
    this.#write(0);
  }

  async make(node: NodeUnderTest, version: number): Promise<void> {
    this.#write(version);
    const before = node.log().length;
    node.process.kill('SIGHUP');
    await node.logged(/"restarted: |could not be restarted/, before);
    if (/could not be restarted/.test(node.log().slice(before))) throw new Error('The node could not be restarted');
  }

  #write(version: number): void {
    writeFileSync(this.#artifact, versionGuest(version));
  }
}

/** A command that answers with a version. */
export function versionGuest(version: number): Uint8Array {
  const answer = `Content-Type: text/plain\\n\\nversion ${version}\\n`;
  const length = answer.replaceAll('\\n', '\n').length;
  return assemble(`(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\10\\00\\00\\00\\${length.toString(16).padStart(2, '0')}\\00\\00\\00")
    (data (i32.const 16) "${answer}")
    (func (export "_start")
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`);
}
