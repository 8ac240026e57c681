;; A module that wants something nobody provides: it must be refused before it runs, by the name of what is missing.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
  (import "mystery" "do_something" (func $do_something (param i64) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $do_something (i64.const 1)))))
