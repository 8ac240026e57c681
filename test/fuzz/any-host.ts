import { funcTypeAt, type Module, ValType, type ValueType } from '../../src/wasm/mod.ts';
import { outcomeOf } from '../support/wasm-harness.ts';

const globalValue = 7;

/** A host for whatever a module imports. Functions write down what they are called with, and answer zeros. No memory grows past `memoryPagesMax`. */
export function makeHost(module: Module, memoryPagesMax = 65_536): (log: string[]) => WebAssembly.Imports {
  // Tags and what can change must be one's own: each guest gets a host.
  return (log) => {
    const imports: Record<string, Record<string, unknown>> = {};
    for (const { module: from, name, description } of module.imports) {
      const provide = (value: unknown): void => void ((imports[from] ??= {})[name] = value);
      if (description.kind === 'func') {
        const results = funcTypeAt(module, description.type)?.results ?? [];
        const answers = results.map((type) => (type === ValType.i64 ? 0n : isNumber(type) ? 0 : null));
        provide((...args: unknown[]) => {
          log.push(
            `${name} ${outcomeOf(
              () => args,
              (value) => typeof value,
            )}`,
          );
          if (name === 'throw') throw new Error('the host threw');
          return answers.length > 1 ? answers : answers[0];
        });
      } else if (description.kind === 'global') {
        provide(makeGlobal(description.global));
      } else if (description.kind === 'table') {
        const { min, max } = description.table.limits;
        const element = description.table.element === ValType.externref ? 'externref' : 'anyfunc';
        // With room for what is put there from where an imported global says: see `makeGlobal`.
        const initial = Math.min(min + globalValue, max ?? Infinity);
        provide(new WebAssembly.Table({ element, initial, ...(max === undefined ? {} : { maximum: max }) }));
      } else if (description.kind === 'memory') {
        const { min, max } = description.memory.limits;
        provide(new WebAssembly.Memory({ initial: min, maximum: Math.min(max ?? memoryPagesMax, memoryPagesMax) }));
      } else {
        const params = funcTypeAt(module, description.tag.type)?.params ?? [];
        provide(new WebAssembly.Tag({ parameters: params.map(jsType) }));
      }
    }
    return imports;
  };
}

function makeGlobal({ type, mutable }: { readonly type: ValueType; readonly mutable: boolean }): unknown {
  const value = jsType(type);
  if (value === 'v128') return new WebAssembly.Global({ value: 'v128', mutable });
  const content = type === ValType.i64 ? BigInt(globalValue) : isNumber(type) ? globalValue : null;
  return new WebAssembly.Global({ value, mutable }, content);
}

function isNumber(type: ValueType): boolean {
  return type === ValType.i32 || type === ValType.f32 || type === ValType.f64;
}

function jsType(type: ValueType): WebAssembly.ValueType {
  const names = new Map<ValueType, WebAssembly.ValueType>([
    [ValType.i32, 'i32'],
    [ValType.i64, 'i64'],
    [ValType.f32, 'f32'],
    [ValType.f64, 'f64'],
    [ValType.v128, 'v128'],
    [ValType.funcref, 'anyfunc'],
  ]);
  return names.get(type) ?? 'externref';
}
