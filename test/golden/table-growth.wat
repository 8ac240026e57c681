;; Tables grow to a limit. One that can grow is not brought back in place: a new instance is made.
;; passes: none
(module
  (table 1 funcref)
  (func (param i32) (result i32)
    (table.grow (ref.null func) (local.get 0))))
