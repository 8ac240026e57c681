import { Errno } from '../errno.ts';
import type { GuestMemory } from '../guest-memory.ts';
import type { Calls } from './guard.ts';
import { nulTerminated, StringBlock } from './strings.ts';

/** What one request hands over as strings. */
export interface ProgramStrings {
  readonly args: readonly string[];
  /** The environment: `NAME=value` and a NUL for each variable. Asked for at most once, when the guest does. */
  readonly environ: () => string;
}

const noStrings: ProgramStrings = { args: [], environ: () => '' };

/** The program's arguments and environment, encoded when the guest first asks for them. */
export class ArgsEnviron {
  readonly calls: Calls;
  readonly #memory: GuestMemory;
  #request: ProgramStrings = noStrings;
  readonly #args: StringBlock = new StringBlock();
  /** Whose arguments `#args` holds: a function's are the same array from request to request. */
  #argsOf: readonly string[] | undefined;
  readonly #environ: StringBlock = new StringBlock();
  #environLoaded = false;

  constructor(memory: GuestMemory) {
    this.#memory = memory;
    this.calls = {
      // (@interface func (export "args_get")
      //   (param $argv (@witx pointer (@witx pointer u8)))
      //   (param $argv_buf (@witx pointer u8))
      args_get: (argv: number, argvBuffer: number) => this.#get(this.#loadedArgs(), argv, argvBuffer),
      // (@interface func (export "args_sizes_get")
      //   (result $error (expected (tuple $size $size) (error $errno)))
      args_sizes_get: (count: number, bytes: number) => this.#sizes(this.#loadedArgs(), count, bytes),
      // (@interface func (export "environ_get")
      //   (param $environ (@witx pointer (@witx pointer u8)))
      //   (param $environ_buf (@witx pointer u8))
      environ_get: (environ: number, environBuffer: number) => this.#get(this.#loadedEnviron(), environ, environBuffer),
      // (@interface func (export "environ_sizes_get")
      //   (result $error (expected (tuple $size $size) (error $errno)))
      environ_sizes_get: (count: number, bytes: number) => this.#sizes(this.#loadedEnviron(), count, bytes),
    };
  }

  bind(request: ProgramStrings): void {
    this.#request = request;
  }

  unbind(): void {
    this.#request = noStrings;
    this.#environLoaded = false;
  }

  #loadedArgs(): StringBlock {
    if (this.#argsOf !== this.#request.args) {
      this.#args.load(nulTerminated(this.#request.args));
      this.#argsOf = this.#request.args;
    }
    return this.#args;
  }

  #loadedEnviron(): StringBlock {
    if (!this.#environLoaded) {
      this.#environ.load(this.#request.environ());
      this.#environLoaded = true;
    }
    return this.#environ;
  }

  #sizes(strings: StringBlock, countPointer: number, bytesPointer: number): Errno {
    this.#memory.setU32(countPointer, strings.count);
    this.#memory.setU32(bytesPointer, strings.lengthBytes);
    return Errno.success;
  }

  #get(strings: StringBlock, pointers: number, buffer: number): Errno {
    if (!this.#memory.has(pointers, 4 * strings.count)) return Errno.fault;
    this.#memory.write(buffer, strings.bytes);
    for (let index = 0; index < strings.count; index++) {
      this.#memory.setU32((pointers >>> 0) + 4 * index, (buffer >>> 0) + strings.offset(index));
    }
    return Errno.success;
  }
}
