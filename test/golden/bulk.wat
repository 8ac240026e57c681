;; Bulk operations go through helpers: bounds first, then marks, then chunks with a check behind each.
;; passes: checks marks
(module
  (memory 1)
  (data $d "hello")
  (func (param i32 i32 i32)
    (memory.fill (local.get 0) (local.get 1) (local.get 2))
    (memory.copy (local.get 0) (local.get 1) (local.get 2))
    (memory.init $d (local.get 0) (local.get 1) (local.get 2))))
