/** A kernel compiled by the machine's own C compiler, in a process that runs it when it is told to. */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** As the kernels' WebAssembly is compiled; no operations are fused, which would change the results on some machines. */
const flags = ['-O2', '-ffp-contract=off'];

export class NativeKernel {
  readonly #folder: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(folder: string, program: string) {
    this.#folder = folder;
    this.#process = spawn(program);
    const lines: Interface = createInterface(this.#process.stdout);
    this.#answers = lines[Symbol.asyncIterator]();
  }

  /** @throws where there is no `cc`, or it fails */
  static async compile(source: string): Promise<NativeKernel> {
    const folder = mkdtempSync(join(tmpdir(), 'mayfly-kernel-'));
    const program = join(folder, 'kernel');
    try {
      await run('cc', [...flags, source, '-o', program]);
    } catch (error) {
      rmSync(folder, { recursive: true });
      throw error;
    }
    return new NativeKernel(folder, program);
  }

  /** Runs it so many times. @returns how long that took, ns */
  async time(runs: number): Promise<number> {
    this.#process.stdin.write(`${runs}\n`);
    const answer = await this.#answers.next();
    return Number(answer.value);
  }

  close(): void {
    this.#process.stdin.end();
    rmSync(this.#folder, { recursive: true });
  }
}
