;; A mark behind each store, unless an earlier one speaks for it.
;; passes: marks
(module
  (memory 3)
  (func $local (param $base i32) (param $x i64)
    ;; One mark for those that lie within 256 bytes, another for what lies further.
    (i64.store (local.get $base) (local.get $x))
    (i64.store offset=248 (local.get $base) (local.get $x))
    (i64.store offset=600 (local.get $base) (local.get $x)))
  (func $sums (param $base i32)
    ;; The same for sums with constants.
    (i32.store (local.get $base) (i32.const 1))
    (i32.store (i32.add (local.get $base) (i32.const 200)) (i32.const 2))
    (i32.store (i32.sub (local.get $base) (i32.const 200)) (i32.const 3))
    (i32.store offset=200 (i32.add (local.get $base) (i32.const 200)) (i32.const 4)))
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
    ;; A loop that does not set the local leaves its marks in force.
    (loop
      (i32.store (local.get $base) (i32.const 5)))
    ;; One that sets it does not, and its own hold behind it.
    (loop $l
      (i32.store (local.get $base) (i32.const 6))
      (local.set $base (i32.add (local.get $base) (i32.const 4)))
      (br_if $l (i32.and (local.get $base) (i32.const 255))))
    (i32.store (local.get $base) (i32.const 7)))
  (func $variables (param $x i32)
    ;; The page of the second is restored by every rewind: it has no marks.
    (i32.store offset=2048 (i32.const 0) (local.get $x))
    (loop
      (i32.store offset=70000 (i32.const 0) (local.get $x))))
  (func $parameters (param $base i32)
    ;; What a loop is entered with is not what it goes on with.
    (local.get $base)
    (loop $l (param i32)
      (i32.store8 (i32.const 7))
      (br_if $l (i32.const 8) (local.get $base))
      (drop))))
