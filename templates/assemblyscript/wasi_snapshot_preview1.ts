// The host's functions. AssemblyScript names the module of an import after the file that declares it, hence this file's name.
// https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md

export declare function environ_get(pointers: usize, bytes: usize): i32;
export declare function environ_sizes_get(count: usize, byteCount: usize): i32;
export declare function fd_read(descriptor: i32, iovecs: usize, iovecCount: i32, read: usize): i32;
export declare function fd_write(descriptor: i32, iovecs: usize, iovecCount: i32, written: usize): i32;
export declare function proc_exit(code: i32): void;
