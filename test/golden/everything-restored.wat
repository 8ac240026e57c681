;; Without marks a rewind restores all of the memory.
;; passes: none
(module
  (memory 1)
  (func (i32.store (i32.const 0) (i32.const 1))))
