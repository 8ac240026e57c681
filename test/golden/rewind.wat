;; A rewind brings back dirty pages, globals and what the engine keeps in the memory.
;; passes: marks
(module
  (memory 1)
  (global (mut i32) (i32.const 5))
  (global (mut i64) (i64.const -1))
  (global (mut f32) (f32.const nan:0x200000))
  (global (mut v128) (v128.const i32x4 1 2 3 4))
  (global (mut funcref) (ref.func $f))
  (global f64 (f64.const 1.5))
  (func $f (i32.store (i32.const 0) (i32.const 1))))
