;; Stack overflow, and what can be done about it from within.

(memory $memory (export "memory") 2)
(tag $tag)
(table $table 2 funcref)
(elem (table $table) (i32.const 0) func $by-table $by-table-too)
(global $depth (mut i32) (i32.const 0))

(func $down (param i32) (result i32) (i32.add (i32.const 1) (call $down (i32.add (local.get 0) (i32.const 1)))))
(func $attack-recursion (drop (call $down (i32.const 0))))
(func $a (result i32) (i32.add (i32.const 1) (call $b)))
(func $b (result i32) (i32.add (i32.const 1) (call $a)))
(func $attack-mutual (drop (call $a)))
(func $by-table (result i32) (i32.add (i32.const 1) (call_indirect $table (result i32) (i32.const 1))))
(func $by-table-too (result i32) (i32.add (i32.const 1) (call_indirect $table (result i32) (i32.const 0))))
(func $attack-through-table (drop (call $by-table)))
(func $large-frame (param i64 i64 i64 i64 i64 i64 i64 i64)
  (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128)
  (call $large-frame (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8))
  (drop (local.get 8)))
(func $attack-large-frames (call $large-frame (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8)))

;; With catch_all around it: either the overflow cannot be caught, or it can and the guest goes on as if nothing had been.
(func $attack-caught (try (do (drop (call $down (i32.const 0)))) (catch_all (global.set $result (i32.const 1)))))
(func $attack-caught-forever (loop $l (try (do (drop (call $down (i32.const 0)))) (catch_all)) (br $l)))
(func $caught-at-each (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
  (try (do (call $caught-at-each)) (catch_all (call $caught-at-each))))
(func $attack-caught-at-each-level (call $caught-at-each))

;; Host calls where there is hardly any stack left: the host must not come apart halfway. The argument is how deep; what overflows
;; cannot be caught, so the depths around the deepest are tried one by one. In a handler, should anything be catchable.
(type $act (func))
(table $acts 9 funcref)
(elem (table $acts) (i32.const 0) func $clock $environ $log $answer $nap $grow $fill $exit $throws)
(func $clock (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0xd000))))
(func $environ (drop (call $environ_get (i32.const 0x1000) (i32.const 0x2000))))
(func $log (call $write (i32.const 2) (i32.const 0x100) (i32.const 13)))
(func $answer (call $returned) (call $proc_exit (i32.const 0)))
(func $nap
  ;; One subscription, to the monotonic clock in 100 us.
  (i32.store (i32.const 0xd010) (i32.const 1))
  (i64.store (i32.const 0xd018) (i64.const 100000))
  (drop (call $poll_oneoff (i32.const 0xd000) (i32.const 0xd100) (i32.const 1) (i32.const 0xd200))))
(func $grow (drop (memory.grow (i32.const 1))))
(func $fill (memory.fill (i32.const 0x10000) (i32.const 7) (i32.const 0x10000)))
(func $exit (call $proc_exit (i32.const 3)))
(func $throws (throw $tag))
(func $act-below (param $depth i32)
  (if (local.get $depth)
    (then (call $act-below (i32.sub (local.get $depth) (i32.const 1))))
    (else (try (do (call_indirect $acts (type $act) (global.get $argument2))) (catch_all (global.set $result (i32.const 1)))))))
;; `?N&DEPTH&ACT`
(func $attack-act-at-depth (call $act-below (global.get $argument)))
