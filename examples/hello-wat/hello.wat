;; The smallest function: one host call writes a ready-made response to stdout. Hand-written, so that the whole of what a
;; function is made of can be seen: an import from WASI, a memory with data in it, and an exported `_start`.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 1)

  ;; At 0 the one iovec that fd_write takes: where the bytes are (8) and how many there are (63).
  (data (i32.const 0) "\08\00\00\00" "\3f\00\00\00")
  (data (i32.const 8)
    "Content-Type: text/plain\n\n"
    "Hello from hand-written WebAssembly!\n")

  (func (export "_start")
    ;; stdout is 1, its iovecs begin at 0, there is 1 of them, and the count written goes to 72.
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 72)))))
