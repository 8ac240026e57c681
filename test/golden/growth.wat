;; The size that the guest is told is a global; the memory itself grows only past what it has.
;; passes: none
(module
  (memory 1 5)
  (func (param i32) (result i32 i32)
    (memory.grow (local.get 0))
    (memory.size)))
