;; Checks on the way back to the starts of loops, at the entries of functions that call and of long ones; short ones that call nobody
;; have none, nor loops that end before long.
;; passes: checks
(module
  (table 1 funcref)
  (tag $t)
  (func $leaf (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 1)))
  (func (param i32)
    (loop $l
      (br_if $l (local.tee 0 (call $leaf (local.get 0))))))
  (func $soon (param i32) (local i32)
    (local.set 1 (i32.const -20))
    (loop $l
      (local.set 0 (i32.mul (local.get 0) (i32.const 31)))
      (br_if $l (local.tee 1 (i32.add (local.get 1) (i32.const 4))))))
  (func $others (param i32)
    ;; What a branch brings stays where it is.
    (local.get 0)
    (loop $l (param i32)
      (local.set 0)
      (br_if $l (local.get 0) (local.get 0))
      (drop))
    ;; From several places, by br_table.
    (loop $l
      (block $b (br_table $b $l (local.get 0)))
      (br $l)))
  (func
    (call_indirect (i32.const 0))
    (table.fill (i32.const 0) (ref.null func) (i32.const 1))
    (try
      (do (throw $t))
      (catch $t (return)))))
