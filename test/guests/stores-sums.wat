;; Stores where marks are shared: at sums of one local and constants, before, in and behind loops, at variables with constant addresses, next to page
;; borders, and where sums wrap. The answer is "pristine" when all of memory from 8192 on was zero. The query's first character says how the
;; request ends: t(rap) in the middle of a loop that stores, e(xit) there, l(oop) for ever while it stores, or a return.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 4)
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

  ;; The first character of QUERY_STRING, 0 without one.
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

  (func $is_zero (result i32)
    (local $at i32) (local $bits i64)
    (local.set $at (i32.const 8192))
    (loop $next
      (local.set $bits (i64.or (local.get $bits) (i64.load (local.get $at))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 262144))))
    (i64.eqz (local.get $bits)))

  ;; To both sides of an address, as far as marks reach and further.
  (func $around (param $at i32)
    (i64.store (local.get $at) (i64.const -1))
    (i64.store offset=256 (local.get $at) (i64.const -1))
    (i64.store offset=257 (local.get $at) (i64.const -1))
    (i64.store offset=500 (i32.sub (local.get $at) (i32.const 756)) (i64.const -1))
    (i64.store (i32.sub (local.get $at) (i32.const 256)) (i64.const -1))
    (i64.store (i32.sub (local.get $at) (i32.const 257)) (i64.const -1))
    (i64.store (i32.add (local.get $at) (i32.const 1000)) (i64.const -1))
    (v128.store offset=240 (i32.add (local.get $at) (i32.const 1000)) (v128.const i64x2 -1 -1)))

  ;; By sums that come to $at only because they wrap.
  (func $wrapped (param $at i32)
    (local $far i32)
    (local.set $far (i32.add (local.get $at) (i32.const 0x7fffffff)))
    (i32.store (i32.sub (local.get $far) (i32.const 0x7fffffff)) (i32.const -1))
    (local.set $far (i32.add (local.get $far) (i32.const 0x7fffffff)))
    (i32.store offset=300 (i32.add (local.get $far) (i32.const 2)) (i32.const -1)))

  ;; Up by a step and down again, with a store before the counter changes and one behind.
  (func $stride (param $at i32) (param $step i32) (param $rounds i32)
    (i32.store (local.get $at) (i32.const -1))
    (loop $next
      (i32.store offset=8 (local.get $at) (i32.const -1))
      (local.set $at (i32.add (local.get $at) (local.get $step)))
      (i32.store (i32.sub (local.get $at) (i32.const 100)) (i32.const -1))
      (br_if $next (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.store offset=200 (local.get $at) (i32.const -1)))

  ;; Twenty rounds that nobody has to check, each on a page of its own.
  (func $counted
    (local $at i32)
    (local.set $at (i32.const 0))
    (loop $next
      (i32.store offset=90000 (local.get $at) (i32.const -1))
      (br_if $next (i32.ne (local.tee $at (i32.add (local.get $at) (i32.const 4099))) (i32.const 81980)))))

  ;; Variables, often enough for their pages to be restored unmarked, and others.
  (func $variables
    (local $n i32)
    (loop $next
      (i32.store offset=200000 (i32.const 0) (local.get $n))
      (v128.store offset=204790 (i32.const 0) (v128.const i64x2 -1 -1))
      (i32.store offset=220000 (i32.const 0) (local.get $n))
      (i32.store offset=240000 (i32.const 0) (local.get $n))
      (i32.store (i32.const 249852) (local.get $n))
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 9)))))

  ;; Goes on storing, and around after a while, until it is stopped: by leaving memory, by an exit, or by the limit.
  (func $endless (param $how i32)
    (local $at i32)
    (local.set $at (i32.const 9000))
    (loop $next
      (i32.store (local.get $at) (i32.const -1))
      (i32.store offset=100 (local.get $at) (i32.const -1))
      (if (i32.and (i32.eq (local.get $how) (i32.const 0x65)) (i32.gt_u (local.get $at) (i32.const 200000)))
        (then (call $proc_exit (i32.const 1))))
      (local.set $at (i32.add (local.get $at) (i32.const 4093)))
      (i32.store (i32.sub (local.get $at) (i32.const 200)) (i32.const -1))
      (if (i32.and (i32.eq (local.get $how) (i32.const 0x6c)) (i32.gt_u (local.get $at) (i32.const 250000)))
        (then (local.set $at (i32.const 8300))))
      (br $next)))

  (func (export "_start")
    (local $how i32)
    (call $answer (call $is_zero))
    (local.set $how (call $query))
    (call $around (i32.const 12288))
    (call $around (i32.const 16383))
    (call $around (i32.const 20736))
    (call $wrapped (i32.const 28672))
    (call $wrapped (i32.const 36863))
    (call $stride (i32.const 40960) (i32.const 3000) (i32.const 8))
    (call $stride (i32.const 81920) (i32.const -2047) (i32.const 12))
    (call $stride (i32.const 70000) (i32.const 96) (i32.const 40))
    (call $counted)
    (call $variables)
    (if (local.get $how) (then (call $endless (local.get $how))))))
