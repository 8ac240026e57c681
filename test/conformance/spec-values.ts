/** Constants and expected results of the specification's tests, as bits: JavaScript's numbers would lose what a NaN holds. */
import { s32, s64, u32 } from '../support/wasm-builder.ts';
import { headOf, type List, type Node } from './spec-script.ts';

/** A constant: the letter of its type and the instruction that gives it. */
export interface Constant {
  readonly letter: string;
  readonly code: readonly number[];
  /** What JavaScript passes in its place. */
  readonly value: unknown;
}

const lanesOf: Readonly<Record<string, { bits: number; count: number; float?: boolean }>> = {
  i8x16: { bits: 8, count: 16 },
  i16x8: { bits: 16, count: 8 },
  i32x4: { bits: 32, count: 4 },
  i64x2: { bits: 64, count: 2 },
  f32x4: { bits: 32, count: 4, float: true },
  f64x2: { bits: 64, count: 2, float: true },
};

/** `(ref.extern N)`: an object that stands for the number. */
class HostReference {
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }
}

/** The objects behind `(ref.extern N)`: the same for the same number. */
const hostReferences = new Map<number, HostReference>();

function hostReference(id: number): HostReference {
  const known = hostReferences.get(id) ?? new HostReference(id);
  hostReferences.set(id, known);
  return known;
}

/** Reads an argument of an action. Undefined when it is of a kind that cannot be handed over. */
export function readConstant(list: List): Constant | undefined {
  const text = atomAt(list, 1);
  switch (headOf(list)) {
    case 'i32.const': {
      const value = Number(BigInt.asIntN(32, integer(text)));
      return { letter: 'i', code: [0x41, ...s32(value)], value };
    }
    case 'i64.const': {
      const value = BigInt.asIntN(64, integer(text));
      return { letter: 'I', code: [0x42, ...s64(value)], value };
    }
    case 'f32.const':
      return { letter: 'f', code: [0x43, ...bytesOf(floatBits(text, 32), 32)], value: undefined };
    case 'f64.const':
      return { letter: 'F', code: [0x44, ...bytesOf(floatBits(text, 64), 64)], value: undefined };
    case 'v128.const':
      return { letter: 'v', code: [0xfd, 0x0c, ...vectorBytes(list)], value: undefined };
    case 'ref.null':
      return {
        letter: text === 'func' ? 'c' : text === 'extern' ? 'x' : 'r',
        code: [0xd0, text === 'func' ? 0x70 : 0x6f],
        value: null,
      };
    case 'ref.extern':
    case 'ref.host':
      return { letter: 'x', code: [], value: hostReference(Number(text)) };
    default:
      return undefined;
  }
}

function vectorBytes(list: List): number[] {
  const shape = lanesOf[atomAt(list, 1)];
  if (shape === undefined) throw new Error('Cannot read the script: a vector has no known shape');
  return list.items.slice(2).flatMap((lane) => {
    const text = lane.kind === 'atom' ? lane.text : '';
    return bytesOf(shape.float === true ? floatBits(text, shape.bits) : integer(text), shape.bits);
  });
}

function atomAt(list: List, index: number): string {
  const node = list.items[index];
  return node?.kind === 'atom' ? node.text : '';
}

function integer(text: string): bigint {
  const plain = text.replaceAll('_', '').replace(/^\+/, '');
  return plain.startsWith('-') ? -BigInt(plain.slice(1)) : BigInt(plain);
}

function bytesOf(bits: bigint, width: number): number[] {
  return Array.from({ length: width / 8 }, (_, index) => Number((bits >> BigInt(8 * index)) & 0xffn));
}

/** The bits of a float's text. https://webassembly.github.io/spec/core/text/values.html#floating-point */
export function floatBits(text: string, width: number): bigint {
  const sign = text.startsWith('-') ? 1n : 0n;
  const plain = text.replace(/^[+-]/, '').replaceAll('_', '');
  const [fraction, exponent] = width === 32 ? [23n, 8n] : [52n, 11n];
  const infinite = ((1n << exponent) - 1n) << fraction;
  const signBit = sign << BigInt(width - 1);
  if (plain === 'inf') return signBit | infinite;
  if (plain === 'nan') return signBit | infinite | (1n << (fraction - 1n));
  if (plain.startsWith('nan:0x')) return signBit | infinite | BigInt(plain.slice(4));
  const value = plain.startsWith('0x') ? hexFloat(plain, width) : Number(plain);
  const view = new DataView(new ArrayBuffer(8));
  if (width === 32) {
    view.setFloat32(0, value);
    return signBit | BigInt(view.getUint32(0));
  }
  view.setFloat64(0, value);
  return signBit | view.getBigUint64(0);
}

/** Rounded once, to the width that is asked for. */
function hexFloat(text: string, width: number): number {
  const found = /^0x(?<whole>[0-9a-fA-F]*)\.?(?<rest>[0-9a-fA-F]*)(?:[pP](?<power>[+-]?\d+))?$/.exec(text);
  const { whole = '', rest = '', power = '0' } = found?.groups ?? {};
  let mantissa = BigInt(`0x${whole}${rest}`);
  let exponent = Number(power) - 4 * rest.length;
  const precision = width === 32 ? 24 : 53;
  const smallest = width === 32 ? -149 : -1074;
  const length = mantissa.toString(2).length;
  const dropped = Math.max(length - precision, smallest - exponent);
  if (dropped > 0) {
    const half = 1n << BigInt(dropped - 1);
    const low = mantissa & ((half << 1n) - 1n);
    mantissa >>= BigInt(dropped);
    if (low > half || (low === half && (mantissa & 1n) === 1n)) mantissa += 1n;
    exponent += dropped;
  }
  // In two steps, as a power of its own may be too small for a number.
  const near = Math.trunc(exponent / 2);
  return Number(mantissa) * 2 ** near * 2 ** (exponent - near);
}

/** A result as it came: bits of a number or a vector, or a reference. */
export type Result =
  | { readonly letter: string; readonly bits: bigint }
  | { readonly letter: 'r'; readonly reference: unknown };

/** Whether `result` is what `wanted` says. */
export function matches(wanted: List, result: Result): boolean {
  if (headOf(wanted) === 'either')
    return wanted.items.slice(1).some((node) => node.kind === 'list' && matches(node, result));
  if (!('bits' in result)) return matchesReference(wanted, result.reference);
  const text = atomAt(wanted, 1);
  switch (headOf(wanted)) {
    case 'i32.const':
      return result.letter === 'i' && BigInt.asUintN(32, integer(text)) === result.bits;
    case 'i64.const':
      return result.letter === 'I' && BigInt.asUintN(64, integer(text)) === result.bits;
    case 'f32.const':
      return result.letter === 'f' && matchesFloat(text, result.bits, 32);
    case 'f64.const':
      return result.letter === 'F' && matchesFloat(text, result.bits, 64);
    case 'v128.const':
      return result.letter === 'v' && matchesVector(wanted, result.bits);
    default:
      return false;
  }
}

function matchesFloat(text: string, bits: bigint, width: number): boolean {
  const fraction = width === 32 ? 23n : 52n;
  const quiet = (((1n << BigInt(width - 1 - Number(fraction))) - 1n) << fraction) | (1n << (fraction - 1n));
  const magnitude = bits & ((1n << BigInt(width - 1)) - 1n);
  if (text === 'nan:canonical') return magnitude === quiet;
  if (text === 'nan:arithmetic') return (magnitude & quiet) === quiet;
  return floatBits(text, width) === bits;
}

function matchesVector(wanted: List, bits: bigint): boolean {
  const shape = lanesOf[atomAt(wanted, 1)];
  if (shape === undefined) return false;
  return wanted.items.slice(2).every((node, index) => {
    const lane = (bits >> BigInt(index * shape.bits)) & ((1n << BigInt(shape.bits)) - 1n);
    const text = node.kind === 'atom' ? node.text : '';
    if (shape.float === true) return matchesFloat(text, lane, shape.bits);
    return BigInt.asUintN(shape.bits, integer(text)) === lane;
  });
}

function matchesReference(wanted: List, reference: unknown): boolean {
  switch (headOf(wanted)) {
    case 'ref.null':
      return reference === null;
    case 'ref.extern':
    case 'ref.host': {
      const id = atomAt(wanted, 1);
      if (id === '') return reference !== null;
      return reference instanceof HostReference && reference.id === Number(id);
    }
    case 'ref.func':
      return typeof reference === 'function';
    default:
      return reference !== null && reference !== undefined;
  }
}

/** The lists among `nodes`. */
export function listsOf(nodes: readonly Node[]): List[] {
  return nodes.filter((node) => node.kind === 'list');
}

/** Code that leaves the result in local `local` on the stack as i32s and i64s. */
export function bitsCode(
  letter: string,
  local: number,
): { readonly letters: string; readonly code: readonly number[] } {
  const get = [0x20, ...u32(local)];
  switch (letter) {
    case 'f':
      return { letters: 'i', code: [...get, 0xbc] };
    case 'F':
      return { letters: 'I', code: [...get, 0xbd] };
    case 'v':
      return { letters: 'II', code: [...get, 0xfd, 0x1d, 0, ...get, 0xfd, 0x1d, 1] };
    default:
      return { letters: letter, code: get };
  }
}
