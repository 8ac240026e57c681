;; Eight memories: together they are one instance, which has one memoryBytes.

(memory $memory (export "memory") 2)
(memory $m1 1) (memory $m2 1) (memory $m3 1) (memory $m4 1) (memory $m5 1) (memory $m6 1) (memory $m7 1)

;; Part of the image: the builder runs it, once.
(func $begin
  (i32.store $m1 (i32.const 0) (i32.const 0x656e6f))
  (i32.store8 $m7 (i32.const 65535) (i32.const 33)))
(start $begin)

(func $pages (result i32)
  (i32.add
    (i32.add (i32.add (memory.size $memory) (memory.size $m1)) (i32.add (memory.size $m2) (memory.size $m3)))
    (i32.add (i32.add (memory.size $m4) (memory.size $m5)) (i32.add (memory.size $m6) (memory.size $m7)))))
(func $grow-all
  (loop $l (br_if $l (i32.ne (memory.grow $memory (i32.const 1)) (i32.const -1))))
  (loop $l (br_if $l (i32.ne (memory.grow $m1 (i32.const 1)) (i32.const -1))))
  (loop $l (br_if $l (i32.ne (memory.grow $m2 (i32.const 1)) (i32.const -1))))
  (loop $l (br_if $l (i32.ne (memory.grow $m3 (i32.const 1)) (i32.const -1))))
  (loop $l (br_if $l (i32.ne (memory.grow $m4 (i32.const 1)) (i32.const -1))))
  (loop $l (br_if $l (i32.ne (memory.grow $m5 (i32.const 1)) (i32.const -1))))
  (loop $l (br_if $l (i32.ne (memory.grow $m6 (i32.const 1)) (i32.const -1))))
  (loop $l (br_if $l (i32.ne (memory.grow $m7 (i32.const 1)) (i32.const -1)))))

;; Answers how many pages it has got.
(func $attack-grow-all (call $grow-all) (global.set $result (call $pages)))
(func $attack-grow-all-and-trap (call $grow-all) (unreachable))
(func $attack-fill-all (call $grow-all)
  (memory.fill $m1 (i32.const 0) (i32.const 1) (i32.shl (memory.size $m1) (i32.const 16)))
  (memory.fill $m7 (i32.const 0) (i32.const 1) (i32.shl (memory.size $m7) (i32.const 16)))
  (memory.copy $m3 $m1 (i32.const 0) (i32.const 0) (i32.const 65536))
  (loop $l (br $l)))
;; What of it is left.
(func $attack-look-around-in-all
  (if (i32.ne (call $pages) (i32.const 9)) (then (call $residue (i32.const 2)) (unreachable)))
  (if (i32.ne (i32.load $m1 (i32.const 0)) (i32.const 0x656e6f)) (then (call $residue (i32.const 3)) (unreachable)))
  (if (i64.ne (i64.load $m1 (i32.const 8)) (i64.const 0)) (then (call $residue (i32.const 4)) (unreachable)))
  (if (i64.ne (i64.load $m7 (i32.const 8)) (i64.const 0)) (then (call $residue (i32.const 5)) (unreachable)))
  (if (i64.ne (i64.load $m3 (i32.const 0)) (i64.const 0)) (then (call $residue (i32.const 6)) (unreachable))))
(func $attack-store-past-the-last (i32.store $m7 (i32.const 65533) (i32.const -1)))
(func $attack-load-far (drop (i32.load $m7 offset=0xfffffff0 (i32.const -1))))
