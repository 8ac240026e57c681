;; Grows a table until that is refused. The answer is "pristine" when the table had its first size and its new entries were null, and then
;; the size reached, in hex. The query's first character says how the request ends: t(rap), e(xit), l(oop).
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 2)
  (data (i32.const 32) "Content-Type: text/plain\n\n")
  (data (i32.const 64) "pristine\n")
  (data (i32.const 96) "not new!\n")

  (table $table 2 funcref)
  (elem (table $table) (i32.const 0) func $query $end)

  ;; Writes the head and one of the two words that are at 64 and 96, eight bytes each.
  (func $answer (param $pristine i32)
    (i32.store (i32.const 16) (i32.const 32))
    (i32.store (i32.const 20) (i32.const 26))
    (i32.store (i32.const 24) (select (i32.const 64) (i32.const 96) (local.get $pristine)))
    (i32.store (i32.const 28) (i32.const 9))
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 8))))

  ;; The first character of QUERY_STRING, 0 without one. It chooses how the request ends: t(rap), e(xit), l(oop), or a return.
  (func $query (result i32)
    (local $at i32) (local $end i32)
    (drop (call $environ_sizes_get (i32.const 0) (i32.const 4)))
    (local.set $end (i32.add (i32.const 4096) (i32.load (i32.const 4))))
    (drop (call $environ_get (i32.const 1024) (i32.const 4096)))
    (local.set $at (i32.const 4096))
    (loop $next
      (if (i32.and
            (i64.eq (i64.load (local.get $at)) (i64.const 0x54535f5952455551)) ;; "QUERY_ST"
            (i32.eq (i32.load (i32.add (local.get $at) (i32.const 8))) (i32.const 0x474e4952))) ;; "RING"
        (then (return (i32.load8_u (i32.add (local.get $at) (i32.const 13))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (i32.const 0))

  (func $end (param $how i32)
    (if (i32.eq (local.get $how) (i32.const 0x74)) (then (unreachable)))
    (if (i32.eq (local.get $how) (i32.const 0x65)) (then (call $proc_exit (i32.const 1))))
    (if (i32.eq (local.get $how) (i32.const 0x6c)) (then (loop $for_ever (br $for_ever)))))

  ;; Writes a number as eight hex digits and a line end.
  (func $write_hex (param $number i32)
    (local $at i32) (local $digit i32)
    (local.set $at (i32.const 135))
    (loop $next
      (local.set $digit (i32.and (local.get $number) (i32.const 15)))
      (i32.store8 (local.get $at)
        (i32.add (local.get $digit) (select (i32.const 0x57) (i32.const 0x30) (i32.gt_u (local.get $digit) (i32.const 9)))))
      (local.set $number (i32.shr_u (local.get $number) (i32.const 4)))
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (br_if $next (i32.ge_u (local.get $at) (i32.const 128))))
    (i32.store8 (i32.const 136) (i32.const 0x0a))
    (i32.store (i32.const 16) (i32.const 128))
    (i32.store (i32.const 20) (i32.const 9))
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8))))

  ;; Entries that were grown by null are null, and are then filled. @returns whether they were
  (func $grow_once (param $by i32) (result i32)
    (local $from i32) (local $pristine i32)
    (local.set $from (table.grow $table (ref.null func) (local.get $by)))
    (if (i32.eq (local.get $from) (i32.const -1)) (then (return (i32.const -1))))
    (local.set $pristine
      (i32.and
        (ref.is_null (table.get $table (local.get $from)))
        (ref.is_null (table.get $table (i32.sub (table.size $table) (i32.const 1))))))
    (table.fill $table (local.get $from) (table.get $table (i32.const 0)) (local.get $by))
    (local.get $pristine))

  (func (export "_start")
    (local $pristine i32) (local $grown i32)
    (local.set $pristine (i32.eq (table.size $table) (i32.const 2)))
    (block $refused
      (loop $again
        (local.set $grown (call $grow_once (i32.const 5000)))
        (br_if $refused (i32.eq (local.get $grown) (i32.const -1)))
        (local.set $pristine (i32.and (local.get $pristine) (local.get $grown)))
        (br $again)))
    (call $answer (local.get $pristine))
    (call $write_hex (table.size $table))
    (call $end (call $query))))
