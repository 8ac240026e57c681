;; Leaves as much of a table to rewind as it can at next to no cost of its own: sets the first and the last of 100,000 entries. The answer is
;; "pristine" when both were as they are at first. The query's first character says how the request ends: t(rap), e(xit), l(oop).
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 2)
  (data (i32.const 32) "Content-Type: text/plain\n\n")
  (data (i32.const 64) "pristine\n")
  (data (i32.const 96) "not new!\n")

  ;; As many entries as there may be.
  (table $table 100000 funcref)

  ;; Writes the head and one of the two words that are at 64 and 96.
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

  ;; Sets an entry that is null at first. @returns whether it was
  (func $set (param $at i32) (result i32)
    (ref.is_null (table.get $table (local.get $at)))
    (table.set $table (local.get $at) (ref.func $end)))

  (elem declare func $end)

  (func (export "_start")
    (call $answer (i32.and (call $set (i32.const 0)) (call $set (i32.const 99999))))
    (call $end (call $query))))
