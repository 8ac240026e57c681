;; Tables that grow, for which every request gets a new instance.

(memory $memory (export "memory") 2)
(table $t0 1 funcref) (table $t1 1 funcref) (table $t2 1 funcref) (table $t3 1 funcref)
(table $t4 1 funcref) (table $t5 1 funcref) (table $t6 1 funcref) (table $t7 1 externref)
(elem declare func $f)
(func $f)

(func $attack-grow-by-none (loop $l (drop (table.grow $t0 (ref.null func) (i32.const 0))) (br $l)))
(func $attack-grow-all
  (loop $l (br_if $l (i32.ne (table.grow $t0 (ref.func $f) (i32.const 999)) (i32.const -1))))
  (loop $l (br_if $l (i32.ne (table.grow $t1 (ref.func $f) (i32.const 999)) (i32.const -1))))
  (loop $l (br_if $l (i32.ne (table.grow $t2 (ref.func $f) (i32.const 999)) (i32.const -1))))
  (loop $l (br_if $l (i32.ne (table.grow $t3 (ref.func $f) (i32.const 999)) (i32.const -1))))
  (global.set $result (i32.add (i32.add (table.size $t0) (table.size $t1)) (i32.add (table.size $t2) (table.size $t3)))))
(func $attack-grow-at-once
  (drop (table.grow $t0 (ref.func $f) (i32.const 99999)))
  (drop (table.grow $t1 (ref.func $f) (i32.const 99999)))
  (drop (table.grow $t2 (ref.func $f) (i32.const 99999)))
  (drop (table.grow $t3 (ref.func $f) (i32.const 99999)))
  (drop (table.grow $t4 (ref.func $f) (i32.const 99999)))
  (drop (table.grow $t5 (ref.func $f) (i32.const 99999)))
  (drop (table.grow $t6 (ref.func $f) (i32.const 99999)))
  (drop (table.grow $t7 (ref.null extern) (i32.const 99999)))
  (global.set $result (i32.add (table.size $t0) (table.size $t7))))
(func $attack-grow-too-much
  (if (i32.ne (table.grow $t0 (ref.null func) (i32.const -1)) (i32.const -1)) (then (unreachable)))
  (if (i32.ne (table.grow $t0 (ref.null func) (i32.const 0x7fffffff)) (i32.const -1)) (then (unreachable)))
  (if (i32.ne (table.grow $t0 (ref.null func) (i32.const 100000)) (i32.const -1)) (then (unreachable)))
  (global.set $result (table.size $t0)))
(func $attack-look-around-in-grown
  (if (i32.ne (table.size $t0) (i32.const 1)) (then (call $residue (i32.const 1)) (unreachable)))
  (if (i32.ne (table.size $t7) (i32.const 1)) (then (call $residue (i32.const 7)) (unreachable))))
