;; Leaves as much to rewind as it can at next to no cost of its own: grows its memory until that is refused, and stores one byte for each
;; 4 KiB. The answer is "pristine" when the memory had its first size and all of those bytes were zero. The query's first character says how the
;; request ends: t(rap), e(xit), l(oop).
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 2)
  (data (i32.const 32) "Content-Type: text/plain\n\n")
  (data (i32.const 64) "pristine\n")
  (data (i32.const 96) "not new!\n")

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

  ;; By as many pages as there are, in halves, down to a page.
  (func $grow
    (local $step i32)
    (local.set $step (i32.const 1024))
    (loop $halves
      (loop $again
        (br_if $again (i32.ne (memory.grow (local.get $step)) (i32.const -1))))
      (br_if $halves (local.tee $step (i32.shr_u (local.get $step) (i32.const 1))))))

  ;; Behind the first pages, where the environment is. @returns whether all was zero
  (func $store (result i32)
    (local $at i32) (local $end i32) (local $found i32)
    (local.set $end (i32.shl (memory.size) (i32.const 16)))
    (local.set $at (i32.const 135000))
    (loop $next
      (local.set $found (i32.or (local.get $found) (i32.load8_u (local.get $at))))
      (i32.store8 (local.get $at) (i32.const 1))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (i32.eqz (local.get $found)))

  (func (export "_start")
    (local $pristine i32)
    (local.set $pristine (i32.eq (memory.size) (i32.const 2)))
    (call $grow)
    (local.set $pristine (i32.and (local.get $pristine) (call $store)))
    (call $answer (local.get $pristine))
    (call $end (call $query))))
