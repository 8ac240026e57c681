const emscripten =
  'Emscripten builds for JavaScript: build it with -sSTANDALONE_WASM, or with wasi-sdk, so that it needs WASI alone';

/** What to do about an import that is not there. The first that matches speaks. */
const waysOut: readonly { readonly module: RegExp; readonly name: RegExp; readonly instead: string }[] = [
  {
    module: /^wasi_(snapshot_preview1|unstable)$/,
    name: /^sock_(open|bind|listen|connect|send_to|recv_from|addr|set|get)/,
    instead: 'WASI preview1 has no sockets to open: use the streams of the request',
  },
  {
    module: /^wasi_unstable$/,
    name: /./,
    instead: 'Build with a newer toolchain: wasi_unstable was replaced by wasi_snapshot_preview1 in 2020',
  },
  {
    module: /^wasi(x_32v1|x_64v1)?$|^wasix/,
    name: /./,
    instead: 'WASIX and threads are not there: build for wasm32-wasip1, without -pthread',
  },
  { module: /^wasi:/, name: /./, instead: 'Wrap it as a component, or build it for wasm32-wasip1' },
  {
    module: /^env$/,
    name: /^(memory|__indirect_function_table|__memory_base|__table_base|__stack_pointer)$/,
    instead: 'Link it as an executable: with --import-memory or as a side module it needs a host of its own',
  },
  {
    module: /^env$/,
    name: /^(emscripten_|__syscall|invoke_|_embind|_emval|__cxa_|_emscripten|__assert_fail$|_abort_js$|_tzset_js$)/,
    instead: emscripten,
  },
  // What Emscripten makes of all its imports in a build for JavaScript that is optimised for size.
  { module: /^a$/, name: /^[A-Za-z_$]{1,2}$/, instead: emscripten },
  {
    module: /^GOT\.(func|mem)$/,
    name: /./,
    instead: 'It is linked dynamically: link it statically, into one module',
  },
  {
    module: /^env$/,
    name: /^(abort|seed|trace|console)/,
    instead: 'AssemblyScript: say --use abort= (and --exportStart _start), and bring a WASI library for the rest',
  },
  {
    module: /^env$/,
    name: /./,
    instead: 'The linker left it open: a library is missing, or was built for a native machine',
  },
  {
    module: /^(wbg|__wbindgen_placeholder__|\.\/.*_bg\.js)$/,
    name: /./,
    instead: 'wasm-bindgen builds for JavaScript: build with --target wasm32-wasip1 and no wasm-bindgen',
  },
  { module: /^mayfly$/, name: /./, instead: 'The name is the engine’s own: call the import module something else' },
  { module: /^(gojs|go)$/, name: /./, instead: 'Go: build with GOOS=wasip1 GOARCH=wasm in place of GOOS=js' },
];

const otherwise = 'Functions can import wasi_snapshot_preview1 and nothing else: link in whatever defines it';

/** The advice for an import that Mayfly does not provide. */
export function wayOut(module: string, name: string): string {
  return waysOut.find((way) => way.module.test(module) && way.name.test(name))?.instead ?? otherwise;
}
