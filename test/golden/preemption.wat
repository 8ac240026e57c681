;; Checks at loops, at the entries of functions that call and of long ones; short ones that call nobody have none.
;; passes: checks
(module
  (table 1 funcref)
  (tag $t)
  (func $leaf (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 1)))
  (func (param i32)
    (loop $l
      (br_if $l (local.tee 0 (call $leaf (local.get 0))))))
  (func
    (call_indirect (i32.const 0))
    (table.fill (i32.const 0) (ref.null func) (i32.const 1))
    (try
      (do (throw $t))
      (catch $t (return)))))
