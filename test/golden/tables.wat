;; A table that the guest can change has a twin, filled alike, that a rewind copies from; one that it cannot change has none.
;; passes: none
(module
  (table $changed 4 funcref)
  (table $fixed 2 funcref)
  (elem (table $changed) (i32.const 1) func $f $f)
  (elem (table $fixed) (i32.const 0) func $f)
  (elem $passive func $f)
  (func $f (param i32)
    (table.set $changed (i32.const 0) (table.get $fixed (i32.const 0)))
    (table.init $changed $passive (i32.const 1) (i32.const 0) (i32.const 1))
    (elem.drop $passive)))
