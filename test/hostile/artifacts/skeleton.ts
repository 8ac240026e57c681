/** Parts of modules, for artifacts that say what no text format can. */
import { section, u32, WasmBuilder } from '../../support/wasm-builder.ts';

export const header: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A section with this content, right or wrong. */
export function rawSection(id: number, content: readonly number[]): number[] {
  return [id, ...u32(content.length), ...content];
}

/** UTF-8 behind its length. */
export function nameBytes(text: string): number[] {
  const bytes = Buffer.from(text);
  return [...u32(bytes.byteLength), ...bytes];
}

/** A module of these sections and nothing else. */
export function rawModule(...sections: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from([...header, ...sections.flat()]);
}

/** Sections of a command whose `_start` does nothing, up to its code: for what goes wrong before that. */
export const emptyType: readonly number[] = rawSection(1, [1, 0x60, 0, 0]);
export const oneFunction: readonly number[] = rawSection(3, [1, 0]);
export const startExport: readonly number[] = rawSection(7, [1, ...nameBytes('_start'), 0, 0]);
export const emptyCode: readonly number[] = rawSection(10, [1, 2, 0, 0x0b]);

/** A small command: one memory, and a `_start` with this code and these locals. */
export function command(code: readonly number[], change?: (builder: WasmBuilder) => void, locals = ''): Uint8Array {
  const builder = new WasmBuilder();
  const type = builder.type('', '');
  builder.memory(1, 16);
  change?.(builder);
  builder.exportFunction('_start', builder.function(type, locals, code));
  return builder.build();
}

/** The same with a start function of this code. */
export function withStart(code: readonly number[], change?: (builder: WasmBuilder) => void): Uint8Array {
  return command([], (builder) => {
    change?.(builder);
    builder.start = builder.function(builder.type('', ''), '', code);
  });
}

/** A command whose code section is these bodies' bytes as they stand, each behind its length. */
export function withBodies(...bodies: readonly (readonly number[])[]): Uint8Array {
  return rawModule(
    emptyType,
    section(
      3,
      bodies.map(() => [0]),
    ),
    rawSection(5, [1, 0, 1]),
    startExport,
    rawSection(10, [...u32(bodies.length), ...bodies.flatMap((body) => [...u32(body.length), ...body])]),
  );
}

/** Joins byte arrays that are too long to be spread. */
export function joined(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : Uint8Array.from(part)))),
  );
}

/** A command with a section of any size, whose content is given in parts, in place of its own. */
export function withLarge(id: number, ...content: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const bytes = joined(...content);
  const large = joined([id], u32(bytes.byteLength), bytes);
  const order = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
  const own: readonly (readonly [number, readonly number[]])[] = [
    [1, emptyType],
    [3, oneFunction],
    [5, rawSection(5, [1, 0, 1])],
    [7, startExport],
    [10, emptyCode],
  ];
  const before = own.filter(([other]) => order.indexOf(other) < order.indexOf(id)).map(([, bytesOf]) => bytesOf);
  const after = own.filter(([other]) => order.indexOf(other) > order.indexOf(id)).map(([, bytesOf]) => bytesOf);
  return joined(header, ...before, large, ...after);
}
