;; Every access is shifted by the room for the dirty map. Offsets that pass 32 bits with it lie outside every memory.
;; passes: none
(module
  (memory 1)
  (func (param i32) (result i32)
    (i32.load offset=8 (local.get 0)))
  (func (param i32)
    (i64.store offset=4294901759 (local.get 0) (i64.const 1))
    (i64.store offset=4294901760 (local.get 0) (i64.const 1))
    (drop (i32.atomic.rmw.add offset=4294967292 (local.get 0) (i32.const 1)))
    (v128.store8_lane offset=1 15 (local.get 0) (v128.load align=1 (local.get 0)))))
