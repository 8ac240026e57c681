;; An image as large as memoryBytes allows, none of it zero: made by a start function, which the builder runs.

(memory $memory (export "memory") 2)
(func $begin (local $at i32)
  ;; memoryBytes is 32 MiB.
  (drop (memory.grow (i32.const 510)))
  (local.set $at (i32.const 0x410000))
  (loop $l
    (i64.store (local.get $at) (i64.extend_i32_u (local.get $at)))
    (local.set $at (i32.add (local.get $at) (i32.const 64)))
    (br_if $l (i32.lt_u (local.get $at) (i32.const 0x2000000)))))
(start $begin)

(func $attack-nothing)
(func $attack-dirty-all (local $at i32)
  (local.set $at (i32.const 0x410000))
  (loop $l
    (i64.store (local.get $at) (i64.const -1))
    (local.set $at (i32.add (local.get $at) (i32.const 4096)))
    (br_if $l (i32.lt_u (local.get $at) (i32.const 0x2000000)))))
