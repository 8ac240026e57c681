;; A mark behind each store, unless an earlier one speaks for it.
;; passes: marks
(module
  (memory 3)
  (func $local (param $base i32) (param $x i64)
    ;; One mark for both, another for the next block of offsets.
    (i64.store (local.get $base) (local.get $x))
    (i64.store offset=248 (local.get $base) (local.get $x))
    (i64.store offset=256 (local.get $base) (local.get $x)))
  (func $constant
    ;; One for the page.
    (i32.store (i32.const 16) (i32.const 1))
    (i32.store (i32.const 4092) (i32.const 2))
    (i32.store (i32.const 4096) (i32.const 3)))
  (func $computed (param $base i32) (param $x f64)
    ;; Operands are spilled, and an operand of an update with two values.
    (f64.store offset=300 (i32.shl (local.get $base) (i32.const 3)) (local.get $x))
    (drop (i32.atomic.rmw.cmpxchg (i32.shl (local.get $base) (i32.const 2)) (i32.const 1) (i32.const 2))))
  (func $set (param $base i32)
    ;; Another value in the local is another address.
    (i32.store (local.get $base) (i32.const 1))
    (i32.store (local.tee $base (i32.add (local.get $base) (i32.const 4096))) (i32.const 2))
    (i32.store offset=4 (local.get $base) (i32.const 3)))
  (func $blocks (param $base i32) (param $which i32)
    (i32.store (local.get $base) (i32.const 1))
    (if (local.get $which)
      ;; Marked before.
      (then (i32.store offset=4 (local.get $base) (i32.const 2)))
      ;; Marked here, and not any more behind the arm.
      (else (i32.store offset=300 (local.get $base) (i32.const 3))))
    (i32.store offset=304 (local.get $base) (i32.const 4))
    ;; A loop trusts no mark from before it.
    (loop
      (i32.store (local.get $base) (i32.const 5)))
    ;; Behind it the first mark holds.
    (i32.store (local.get $base) (i32.const 6)))
  (func $parameters (param $base i32)
    ;; What a loop is entered with is not what it goes on with.
    (local.get $base)
    (loop $l (param i32)
      (i32.store8 (i32.const 7))
      (br_if $l (i32.const 8) (local.get $base))
      (drop))))
