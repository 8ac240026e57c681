;; An exception cannot check on its way to the start of a loop: such a loop does there.
;; passes: checks
(module
  (tag $t)
  (func $f
    (loop $l
      (try_table (catch $t $l) (call $f)))))
