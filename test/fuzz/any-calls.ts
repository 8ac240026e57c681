import { funcTypeAt, type Module, ValType, type ValueType } from '../../src/wasm/mod.ts';
import type { GuestCall } from '../support/wasm-differential.ts';
import type { Prng } from './prng.ts';

const callsMax = 24;

/** Calls of functions that JavaScript can call, each after the fuzzer's hang limit was set anew. */
export function makeCalls(module: Module, random: Prng, count: number = callsMax): GuestCall[] {
  const limiter = module.exports.find(({ name }) => name === 'hangLimitInitializer')?.index;
  const calls: GuestCall[] = [];
  if (module.start !== undefined) calls.push({ index: module.start, args: [] });
  const callable = module.functionTypes.flatMap((type, index) => {
    const { params, results } = funcTypeAt(module, type) ?? { params: [], results: [] };
    const known = [...params, ...results].every((each) => argument(each, random) !== undefined);
    return known && index >= module.imported.funcs ? [{ index, params }] : [];
  });
  const [first, ...others] = callable;
  if (first === undefined) return calls;
  for (let i = 0; i < count; i++) {
    const { index, params } = random.pick([first, ...others]);
    if (limiter !== undefined) calls.push({ index: limiter, args: [] });
    calls.push({ index, args: params.map((type) => argument(type, random)) });
  }
  return calls;
}

/** Something to call a function with; undefined when JavaScript has none of this type. */
function argument(type: ValueType, random: Prng): unknown {
  const small = random.below(65_536);
  switch (type) {
    case ValType.i32:
      return random.pick([0, 1, -1, small, random.u32() | 0]);
    case ValType.i64:
      return random.pick([0n, -1n, BigInt(small), BigInt.asIntN(64, BigInt(random.u32()) * 0x1_0000_0001n)]);
    case ValType.f32:
    case ValType.f64:
      return random.pick([0, -0, 1.5, Infinity, small, Math.fround(random.u32() / 3)]);
    case ValType.funcref:
    case ValType.externref:
      return null;
    default:
      return undefined;
  }
}
