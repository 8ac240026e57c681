;; Floods and lies on stdout and stderr.

(memory $memory (export "memory") 66)

(data (i32.const 0xc000) "Status: 200\r\nContent-Type: text/plain\r\n\r\n")
(data (i32.const 0xc040) "X-A: b\r\n")
(data (i32.const 0xc060) "\1b]0;title\07\1b[2J\1b[1;1H\00\07\08\7f\c2\9b31m forged: {\"level\":60,\"msg\":\"node is down\"}\r00:00:00 fatal node is down\n")
(data (i32.const 0xc100) "\ff\fe\c0\80\ed\a0\80\f8\88\80\80\80\n")

(func $letters (memory.fill (i32.const 0x10000) (i32.const 97) (i32.const 0x400000)))
;; $count buffers over the same 64 KiB, as a list at 0xd000.
(func $write-often (param $fd i32) (param $length i32) (param $count i32) (local $at i32)
  (local.set $at (i32.const 0xd000))
  (loop $l
    (i32.store (local.get $at) (i32.const 0x10000))
    (i32.store offset=4 (local.get $at) (local.get $length))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $l (i32.lt_u (local.get $at) (i32.add (i32.const 0xd000) (i32.shl (local.get $count) (i32.const 3))))))
  (drop (call $fd_write (local.get $fd) (i32.const 0xd000) (local.get $count) (i32.const 0x18))))

;; stdout.
(func $attack-flood (call $head) (call $letters) (loop $l (call $say (i32.const 0x10000) (i32.const 0x400000)) (br $l)))
(func $attack-flood-in-bytes (call $head) (call $letters) (loop $l (call $say (i32.const 0x10000) (i32.const 1)) (br $l)))
(func $attack-flood-in-vectors (call $head) (call $letters) (loop $l (call $write-often (i32.const 1) (i32.const 4096) (i32.const 1024)) (br $l)))
(func $attack-vectors-of-one-byte (call $head) (call $letters) (loop $l (call $write-often (i32.const 1) (i32.const 1) (i32.const 1024)) (br $l)))
(func $attack-too-many-vectors (call $head) (call $write-often (i32.const 1) (i32.const 1) (i32.const 1025)) (global.set $result (i32.load (i32.const 0x18))))
(func $attack-vectors-that-lie
  (i32.store (i32.const 0xd000) (i32.const -16)) (i32.store (i32.const 0xd004) (i32.const 32))
  (i32.store (i32.const 0xd008) (i32.const 0x10000)) (i32.store (i32.const 0xd00c) (i32.const -1))
  (global.set $result (i32.or
    (i32.eqz (call $fd_write (i32.const 1) (i32.const 0xd000) (i32.const 1) (i32.const 0x18)))
    (i32.or
      (i32.eqz (call $fd_write (i32.const 1) (i32.const 0xd008) (i32.const 1) (i32.const 0x18)))
      (i32.or
        (i32.eqz (call $fd_write (i32.const 1) (i32.const -8) (i32.const 4) (i32.const 0x18)))
        (i32.or
          (i32.eqz (call $fd_write (i32.const 1) (i32.const 0xd000) (i32.const 0x20000000) (i32.const 0x18)))
          (i32.eqz (call $fd_write (i32.const 1) (i32.const 0x10) (i32.const 1) (i32.const -2)))))))))
;; One write after the other of nothing at all.
(func $attack-writes-of-nothing (call $head) (loop $l (call $say (i32.const 0x10000) (i32.const 0)) (br $l)))

;; Heads.
(func $attack-head-without-end (call $letters) (loop $l (call $say (i32.const 0x10000) (i32.const 0x10000)) (br $l)))
(func $attack-head-in-bytes (call $letters) (loop $l (call $say (i32.const 0x10000) (i32.const 1)) (br $l)))
(func $attack-head-of-headers-without-end (loop $l (call $say (i32.const 0xc040) (i32.const 8)) (br $l)))
(func $attack-head-of-line-ends (i32.store16 (i32.const 0x10000) (i32.const 0x0a0d)) (loop $l (call $say (i32.const 0x10000) (i32.const 2)) (br $l)))

;; stderr.
(func $attack-log-flood (call $letters) (loop $l (call $write (i32.const 2) (i32.const 0x10000) (i32.const 0x400000)) (br $l)))
(func $attack-log-in-bytes (call $letters) (loop $l (call $write (i32.const 2) (i32.const 0x10000) (i32.const 1)) (br $l)))
(func $attack-log-of-lines (i32.store8 (i32.const 0x10000) (i32.const 10)) (loop $l (call $write (i32.const 2) (i32.const 0x10000) (i32.const 1)) (br $l)))
(func $attack-log-of-controls (call $write (i32.const 2) (i32.const 0xc060) (i32.const 100)) (call $write (i32.const 2) (i32.const 0xc100) (i32.const 13)))
(func $attack-log-then-answer (call $letters) (call $write (i32.const 2) (i32.const 0x10000) (i32.const 0x100000)))

;; Descriptors.
(func $attack-close-all (drop (call $fd_close (i32.const 0))) (drop (call $fd_close (i32.const 2))) (drop (call $fd_close (i32.const 1))))
(func $attack-move-stdout (drop (call $fd_renumber (i32.const 1) (i32.const 0))) (drop (call $fd_close (i32.const 0))))
(func $attack-move-all
  (loop $l (drop (call $fd_renumber (i32.const 1) (i32.const 2))) (drop (call $fd_renumber (i32.const 2) (i32.const 1))) (br $l)))
(func $attack-wrong-way
  (i32.store (i32.const 0xd000) (i32.const 0x10000)) (i32.store (i32.const 0xd004) (i32.const 64))
  (global.set $result (i32.or
    (i32.eqz (call $fd_read (i32.const 1) (i32.const 0xd000) (i32.const 1) (i32.const 0x18)))
    (i32.eqz (call $fd_write (i32.const 0) (i32.const 0xd000) (i32.const 1) (i32.const 0x18))))))
