;; Table bombs.

(memory $memory (export "memory") 2)
(table $table 100000 100000 funcref)
(table $other 100000 100000 funcref)
(elem $passive func $f)
(elem (table $table) (i32.const 0) func $f $f $f)
(func $f)

(func $attack-fill (loop $l (table.fill $table (i32.const 0) (ref.func $f) (i32.const 100000)) (br $l)))
(func $attack-copy (loop $l (table.copy $other $table (i32.const 0) (i32.const 0) (i32.const 100000)) (br $l)))
(func $attack-copy-overlapping (loop $l (table.copy $table $table (i32.const 1) (i32.const 0) (i32.const 99999)) (br $l)))
(func $attack-init (loop $l (table.init $table $passive (i32.const 9) (i32.const 0) (i32.const 1)) (br $l)))
(func $attack-set (local $i i32)
  (loop $l
    (table.set $table (local.get $i) (ref.func $f))
    (local.set $i (i32.rem_u (i32.add (local.get $i) (i32.const 1)) (i32.const 100000)))
    (br $l)))
(func $attack-fill-past-the-end (table.fill $table (i32.const 99999) (ref.func $f) (i32.const 2)))
(func $attack-get-past-the-end (drop (table.get $table (i32.const 100000))))
(func $attack-call-past-the-end (call_indirect $table (i32.const 100000)))
(func $attack-call-wrapping (call_indirect $table (i32.const -1)))
(func $attack-fill-once (table.fill $table (i32.const 0) (ref.func $f) (i32.const 100000)) (table.fill $other (i32.const 0) (ref.func $f) (i32.const 100000)))
;; What of it is left: two tables with three functions in one.
(func $attack-look-around-in-tables
  (local $i i32)
  (local.set $i (i32.const 3))
  (loop $l
    (if (i32.eqz (ref.is_null (table.get $table (local.get $i)))) (then (call $residue (local.get $i)) (unreachable)))
    (if (i32.eqz (ref.is_null (table.get $other (local.get $i)))) (then (call $residue (local.get $i)) (unreachable)))
    (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000)))))
