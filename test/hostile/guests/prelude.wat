;; What all hostile guests share; guests.ts puts it in front of each. Page 0 of memory is for this and for constants, and the
;; image is zero from 0x10000 on, so that what an earlier request left is seen.
;;
;;   0x0010 one buffer of a write · 0x0018 a result · 0x0100 texts · 0x1000 pointers to variables · 0x2000 variables · 0xc000 the guest's own

(import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
(import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fd_fdstat_get (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_renumber" (func $fd_renumber (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "path_create_directory" (func $path_create_directory (param i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "path_open"
  (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "path_symlink" (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
(import "wasi_snapshot_preview1" "proc_raise" (func $proc_raise (param i32) (result i32)))
(import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
(import "wasi_snapshot_preview1" "sock_shutdown" (func $sock_shutdown (param i32 i32) (result i32)))

;; The query, as `?MODE&ARGUMENT&ARGUMENT`: numbers.
(global $mode (mut i32) (i32.const 0))
(global $argument (mut i32) (i32.const 0))
(global $argument2 (mut i32) (i32.const 0))
;; What an attack that comes back has to say.
(global $result (mut i32) (i32.const 0))
;; Set by every request, so that the next one sees it if it is not put back.
(global $used (mut i32) (i32.const 0))

(data (i32.const 0x100) "QUERY_STRING=")
(data (i32.const 0x120) "Content-Type: text/plain\n\nreturned ")
(data (i32.const 0x160) "Status: 598\nContent-Type: text/plain\n\nRESIDUE ")
(data (i32.const 0x1a0) "Content-Type: text/plain\n\npristine\n")
(data (i32.const 0x1e0) "Content-Type: text/plain\n\n")

(func $write (param $fd i32) (param $at i32) (param $length i32)
  (i32.store (i32.const 0x10) (local.get $at))
  (i32.store (i32.const 0x14) (local.get $length))
  (drop (call $fd_write (local.get $fd) (i32.const 0x10) (i32.const 1) (i32.const 0x18))))

(func $say (param $at i32) (param $length i32)
  (call $write (i32.const 1) (local.get $at) (local.get $length)))

(func $say_number (param $value i32)
  (local $at i32)
  (local.set $at (i32.const 0x3f))
  (i32.store8 (i32.const 0x3f) (i32.const 10))
  (loop $digits
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $value) (i32.const 10))))
    (local.set $value (i32.div_u (local.get $value) (i32.const 10)))
    (br_if $digits (local.get $value)))
  (call $say (local.get $at) (i32.sub (i32.const 0x40) (local.get $at))))

(func $head (call $say (i32.const 0x1e0) (i32.const 26)))
(func $returned (call $say (i32.const 0x120) (i32.const 35)) (call $say_number (global.get $result)))
(func $pristine (call $say (i32.const 0x1a0) (i32.const 35)))
(func $residue (param $where i32)
  (call $say (i32.const 0x160) (i32.const 46))
  (call $say_number (local.get $where))
  (call $proc_exit (i32.const 0)))

;; The number at $at, and where the text goes on behind it.
(func $number (param $at i32) (result i32 i32)
  (local $value i32)
  (local $digit i32)
  (block $done
    (loop $more
      (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
      (br_if $done (i32.gt_u (local.get $digit) (i32.const 9)))
      (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 10)) (local.get $digit)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $more)))
  (local.get $value)
  (if (result i32) (i32.eq (i32.load8_u (local.get $at)) (i32.const 38))
    (then (i32.add (local.get $at) (i32.const 1)))
    (else (local.get $at))))

;; Finds QUERY_STRING among the variables.
(func $read_query
  (local $variable i32)
  (local $at i32)
  (drop (call $environ_sizes_get (i32.const 0x20) (i32.const 0x24)))
  (drop (call $environ_get (i32.const 0x1000) (i32.const 0x2000)))
  (loop $next
    (local.set $at (i32.load offset=0x1000 (i32.shl (local.get $variable) (i32.const 2))))
    (if (i32.and
          (i64.eq (i64.load (local.get $at)) (i64.load (i32.const 0x100)))
          (i64.eq (i64.load offset=5 (local.get $at)) (i64.load offset=5 (i32.const 0x100))))
      (then
        (call $number (i32.add (local.get $at) (i32.const 13)))
        (local.set $at)
        (global.set $mode)
        (call $number (local.get $at))
        (local.set $at)
        (global.set $argument)
        (call $number (local.get $at))
        (local.set $at)
        (global.set $argument2)
        (return)))
    (local.set $variable (i32.add (local.get $variable) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $variable) (i32.load (i32.const 0x20))))))

;; Looks for what an earlier request left, in at most 4 MiB.
(func $look_around
  (local $at i32)
  (local $end i32)
  (if (global.get $used) (then (call $residue (i32.const 1)) (unreachable)))
  (global.set $used (i32.const 1))
  (local.set $end (i32.shl (memory.size) (i32.const 16)))
  (if (i32.gt_u (local.get $end) (i32.const 0x400000)) (then (local.set $end (i32.const 0x400000))))
  (local.set $at (i32.const 0x10000))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (call $residue (local.get $at)) (unreachable)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $next))))
