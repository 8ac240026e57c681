;; Bombs in the file system of `mayfly run --dir`: descriptor 3.

(import "wasi_snapshot_preview1" "fd_pwrite" (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_allocate" (func $fd_allocate (param i32 i64 i64) (result i32)))
(import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $fd_filestat_set_size (param i32 i64) (result i32)))
(import "wasi_snapshot_preview1" "path_link" (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "path_rename" (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
(memory $memory (export "memory") 34)
(global $i (mut i32) (i32.const 0))

(data (i32.const 0xc000) "f")
(data (i32.const 0xc010) "d")
(data (i32.const 0xc020) "../../../../../../etc/passwd")
(data (i32.const 0xc040) "/etc/passwd")

;; A name of eight letters for the number $i, at 0xc100.
(func $name (local $at i32) (local $rest i32)
  (local.set $rest (global.get $i))
  (local.set $at (i32.const 0xc107))
  (loop $l
    (i32.store8 (local.get $at) (i32.add (i32.const 97) (i32.and (local.get $rest) (i32.const 15))))
    (local.set $rest (i32.shr_u (local.get $rest) (i32.const 4)))
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (br_if $l (i32.ge_u (local.get $at) (i32.const 0xc100))))
  (global.set $i (i32.add (global.get $i) (i32.const 1))))
;; Opens a path below $fd to read and write, made if need be. The descriptor is at 0xd000.
(func $open (param $fd i32) (param $at i32) (param $length i32) (param $oflags i32) (result i32)
  (call $path_open (local.get $fd) (i32.const 1) (local.get $at) (local.get $length) (local.get $oflags) (i64.const 0x1fffffff) (i64.const 0x1fffffff) (i32.const 0) (i32.const 0xd000)))
;; The same for a directory, without rights that only files have.
(func $open-directory (param $fd i32) (param $at i32) (param $length i32) (result i32)
  (call $path_open (local.get $fd) (i32.const 1) (local.get $at) (local.get $length) (i32.const 2) (i64.const 0x1fffe00) (i64.const 0x1fffe00) (i32.const 0) (i32.const 0xd000)))
(func $buffer (param $length i32) (i32.store (i32.const 0x10) (i32.const 0x10000)) (i32.store (i32.const 0x14) (local.get $length)))

(func $attack-big-file
  (drop (call $open (i32.const 3) (i32.const 0xc000) (i32.const 1) (i32.const 1)))
  (call $buffer (i32.const 0x100000))
  (loop $l
    (global.set $result (call $fd_write (i32.load (i32.const 0xd000)) (i32.const 0x10) (i32.const 1) (i32.const 0x18)))
    (br_if $l (i32.eqz (global.get $result)))))
(func $attack-many-files
  (loop $l
    (call $name)
    (global.set $result (call $open (i32.const 3) (i32.const 0xc100) (i32.const 8) (i32.const 1)))
    (if (i32.eqz (global.get $result)) (then (drop (call $fd_close (i32.load (i32.const 0xd000)))) (br $l)))))
(func $attack-many-descriptors
  (loop $l
    (global.set $result (call $open (i32.const 3) (i32.const 0xc000) (i32.const 1) (i32.const 1)))
    (br_if $l (i32.eqz (global.get $result)))))
(func $attack-deep-directories (local $fd i32)
  (local.set $fd (i32.const 3))
  (loop $l
    (global.set $result (call $path_create_directory (local.get $fd) (i32.const 0xc010) (i32.const 1)))
    (if (global.get $result) (then (return)))
    (global.set $result (call $open-directory (local.get $fd) (i32.const 0xc010) (i32.const 1)))
    (if (global.get $result) (then (return)))
    (if (i32.gt_u (local.get $fd) (i32.const 3)) (then (drop (call $fd_close (local.get $fd)))))
    (local.set $fd (i32.load (i32.const 0xd000)))
    (br $l)))
(func $attack-many-links
  (loop $l
    (call $name)
    (global.set $result (call $path_symlink (i32.const 0xc100) (i32.const 8) (i32.const 3) (i32.const 0xc100) (i32.const 8)))
    (br_if $l (i32.eqz (global.get $result)))))
(func $attack-link-to-itself
  (drop (call $path_symlink (i32.const 0xc000) (i32.const 1) (i32.const 3) (i32.const 0xc000) (i32.const 1)))
  (global.set $result (call $open (i32.const 3) (i32.const 0xc000) (i32.const 1) (i32.const 0))))
(func $attack-many-names (local $fd i32)
  (drop (call $open (i32.const 3) (i32.const 0xc000) (i32.const 1) (i32.const 1)))
  (loop $l
    (call $name)
    (global.set $result (call $path_link (i32.const 3) (i32.const 0) (i32.const 0xc000) (i32.const 1) (i32.const 3) (i32.const 0xc100) (i32.const 8)))
    (br_if $l (i32.eqz (global.get $result)))))
;; One byte every 64 KiB, as far as that goes.
(func $attack-sparse-file (local $at i64)
  (drop (call $open (i32.const 3) (i32.const 0xc000) (i32.const 1) (i32.const 1)))
  (call $buffer (i32.const 1))
  (loop $l
    (global.set $result (call $fd_pwrite (i32.load (i32.const 0xd000)) (i32.const 0x10) (i32.const 1) (local.get $at) (i32.const 0x18)))
    (local.set $at (i64.add (local.get $at) (i64.const 0x10000)))
    (br_if $l (i32.eqz (global.get $result)))))
(func $attack-far-away
  (drop (call $open (i32.const 3) (i32.const 0xc000) (i32.const 1) (i32.const 1)))
  (call $buffer (i32.const 8))
  (global.set $result (i32.or
    (i32.eqz (call $fd_pwrite (i32.load (i32.const 0xd000)) (i32.const 0x10) (i32.const 1) (i64.const -1) (i32.const 0x18)))
    (i32.or
      (i32.eqz (call $fd_pwrite (i32.load (i32.const 0xd000)) (i32.const 0x10) (i32.const 1) (i64.const 0x7fffffffffffffff) (i32.const 0x18)))
      (i32.eqz (call $fd_allocate (i32.load (i32.const 0xd000)) (i64.const 0x7fffffffffffffff) (i64.const 0x7fffffffffffffff)))))))
(func $attack-allocate-all
  (drop (call $open (i32.const 3) (i32.const 0xc000) (i32.const 1) (i32.const 1)))
  (drop (call $fd_filestat_set_size (i32.load (i32.const 0xd000)) (i64.const 0xffffffffff)))
  (global.set $result (i32.eqz (call $fd_allocate (i32.load (i32.const 0xd000)) (i64.const 0) (i64.const 0xffffffffff)))))
(func $attack-out-of-the-folder
  (drop (call $path_symlink (i32.const 0xc020) (i32.const 28) (i32.const 3) (i32.const 0xc000) (i32.const 1)))
  (drop (call $path_symlink (i32.const 0xc040) (i32.const 11) (i32.const 3) (i32.const 0xc010) (i32.const 1)))
  (global.set $result (i32.or
    (i32.eqz (call $open (i32.const 3) (i32.const 0xc020) (i32.const 28) (i32.const 0)))
    (i32.or
      (i32.eqz (call $open (i32.const 3) (i32.const 0xc040) (i32.const 11) (i32.const 0)))
      (i32.or
        (i32.eqz (call $open (i32.const 3) (i32.const 0xc000) (i32.const 1) (i32.const 0)))
        (i32.eqz (call $open (i32.const 3) (i32.const 0xc010) (i32.const 1) (i32.const 0))))))))
