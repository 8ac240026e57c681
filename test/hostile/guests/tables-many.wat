;; Sixteen tables, with as many entries as all may have together, and all of them changed, so that each has a pristine twin.

(memory $memory (export "memory") 2)
(@repeat 16 (table $t{} 12500 funcref))
(elem declare func $f)
(func $f)

(func $attack-fill-all
  (@repeat 16 (table.fill $t{} (i32.const 0) (ref.func $f) (i32.const 12500)))
)
(func $attack-set-one
  (@repeat 16 (table.set $t{} (i32.const 12499) (ref.func $f)))
)
