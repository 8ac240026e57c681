;; Each memory has its map, its image and its size.
;; passes: marks
(module
  (memory $a 1)
  (memory $b 2 3)
  (func (param i32)
    (i32.store $b offset=4 (local.get 0) (i32.load $a (local.get 0)))
    (i32.store $a offset=4 (local.get 0) (i32.const 1))
    (memory.copy $a $b (i32.const 0) (i32.const 0) (local.get 0))
    (drop (memory.grow $b (i32.const 1)))))
