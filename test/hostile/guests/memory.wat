;; Memory bombs: growth, bulk operations, and what they may leave behind.

(memory $memory (export "memory") 2)
(data $passive "\01\02\03\04\05\06\07\08")

;; Touches every 4 KiB of what there is.
(func $touch (local $at i32) (local $end i32)
  (local.set $at (i32.const 0x10000))
  (local.set $end (i32.shl (memory.size) (i32.const 16)))
  (loop $l
    (i64.store (local.get $at) (i64.const -1))
    (local.set $at (i32.add (local.get $at) (i32.const 4096)))
    (br_if $l (i32.lt_u (local.get $at) (local.get $end)))))
(func $grow-all
  (loop $l (br_if $l (i32.ne (memory.grow (i32.const 64)) (i32.const -1))))
  (loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))))

(func $attack-grow-all (call $grow-all) (global.set $result (memory.size)))
(func $attack-grow-all-and-touch (call $grow-all) (call $touch) (global.set $result (memory.size)))
(func $attack-grow-all-and-trap (call $grow-all) (call $touch) (unreachable))
(func $attack-grow-all-and-exit (call $grow-all) (call $touch) (call $proc_exit (i32.const 1)))
(func $attack-grow-all-and-spin (call $grow-all) (call $touch) (loop $l (br $l)))
;; Sleeps for 200 ms with all that it has.
(func $attack-grow-all-and-hold (call $grow-all) (call $attack-hold))
(func $attack-hold
  (i32.store8 (i32.const 0xd008) (i32.const 0))
  (i32.store (i32.const 0xd010) (i32.const 1))
  (i64.store (i32.const 0xd018) (i64.const 200000000))
  (drop (call $poll_oneoff (i32.const 0xd000) (i32.const 0xe000) (i32.const 1) (i32.const 0x18)))
  (global.set $result (memory.size)))
(func $attack-grow-too-much
  (if (i32.ne (memory.grow (i32.const -1)) (i32.const -1)) (then (unreachable)))
  (if (i32.ne (memory.grow (i32.const 0x7fffffff)) (i32.const -1)) (then (unreachable)))
  (if (i32.ne (memory.grow (i32.const 0x80000000)) (i32.const -1)) (then (unreachable)))
  (if (i32.ne (memory.grow (i32.const 65535)) (i32.const -1)) (then (unreachable)))
  (if (i32.ne (memory.size) (i32.const 2)) (then (unreachable)))
  (if (i32.ne (memory.grow (i32.const 0)) (i32.const 2)) (then (unreachable)))
  (global.set $result (memory.size)))
(func $attack-grow-by-one-forever (loop $l (drop (memory.grow (i32.const 1))) (br $l)))

(func $attack-fill-all (call $grow-all)
  (loop $l
    (memory.fill (i32.const 0x10000) (i32.const 0xaa) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 0x10000)))
    (br $l)))
(func $attack-copy-all (call $grow-all)
  (loop $l
    (memory.copy (i32.const 0x10008) (i32.const 0xc000) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 0x10008)))
    (br $l)))
(func $attack-copy-all-backwards (call $grow-all)
  (i64.store (i32.const 0x20000) (i64.const -1))
  (loop $l
    (memory.copy (i32.const 0x10000) (i32.const 0x10008) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 0x10008)))
    (br $l)))
(func $attack-init-forever
  (loop $l (memory.init $passive (i32.const 0x10000) (i32.const 0) (i32.const 8)) (br $l)))
(func $attack-fill-nothing-forever
  (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 0)) (br $l)))
(func $attack-fill-past-the-end
  (memory.fill (i32.const 0x1fff8) (i32.const 1) (i32.const 0x10)))
(func $attack-fill-wrapping
  (memory.fill (i32.const -16) (i32.const 1) (i32.const 32)))
(func $attack-copy-wrapping
  (memory.copy (i32.const 0x10000) (i32.const -16) (i32.const 32)))
(func $attack-copy-from-below
  (memory.copy (i32.const 0x10000) (i32.const -65536) (i32.const 65536)))
(func $attack-init-wrapping
  (memory.init $passive (i32.const 0x10000) (i32.const -4) (i32.const 8)))
(func $attack-init-dropped
  (data.drop $passive)
  (memory.init $passive (i32.const 0x10000) (i32.const 0) (i32.const 8)))
;; All of memory, until the CPU limit comes in the middle of it.
(func $attack-fill-until-killed (call $grow-all)
  (memory.fill (i32.const 0x10000) (i32.const 0xbb) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 0x10000)))
  (loop $l
    (memory.copy (i32.const 0x10000) (i32.const 0x10001) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 0x10001)))
    (br $l)))
;; What the next request is to find of it: nothing, in all of the memory it can get.
(func $attack-look-in-grown-memory (local $at i32) (local $end i32)
  (call $grow-all)
  (local.set $end (i32.shl (memory.size) (i32.const 16)))
  (local.set $at (i32.const 0x10000))
  (loop $next
    (if (i64.ne (i64.or (i64.load (local.get $at)) (i64.load offset=8 (local.get $at))) (i64.const 0))
      (then (call $residue (local.get $at)) (unreachable)))
    (local.set $at (i32.add (local.get $at) (i32.const 16)))
    (br_if $next (i32.lt_u (local.get $at) (local.get $end)))))
