/** Bytes in a page of WebAssembly memory. https://webassembly.github.io/spec/core/exec/runtime.html#page-size */
export const wasmPageBytes = 65_536;

/** Bytes in a kibibyte and in a mebibyte. */
export const kib = 1024;
export const mib: number = 1024 * kib;
