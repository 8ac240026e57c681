;; Segments are dropped by a global, which a rewind sets back; active ones are in the image, and empty.
;; passes: none
(module
  (memory 1)
  (data (i32.const 0) "active")
  (data $d "passive")
  (func (param i32)
    (memory.init $d (i32.const 0) (i32.const 0) (local.get 0))
    (data.drop $d)))
