;; Looks for other people's secrets: the word CANARY in all that can be read, and says what stands there.

(memory $memory (export "memory") 2)
(memory $other 1)
(data (i32.const 0xc000) "Status: 599\nContent-Type: text/plain\n\nFOUND ")

;; The word is a constant in the code, so that it is nowhere in this guest's own memory.
(func $look (param $at i32) (param $end i32)
  (loop $l
    (if (i64.eq (i64.and (i64.load (local.get $at)) (i64.const 0xffffffffffff)) (i64.const 0x5952414e4143))
      (then
        (call $say (i32.const 0xc000) (i32.const 45))
        (call $say (local.get $at) (i32.const 64))
        (call $proc_exit (i32.const 0))))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br_if $l (i32.lt_u (local.get $at) (local.get $end)))))
(func $end (result i32) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 64)))

(func $attack-own-memory (call $look (i32.const 0) (call $end)))
(func $attack-grown-memory
  (loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
  (call $look (i32.const 0) (call $end)))
(func $attack-other-memory
  (loop $l (br_if $l (i32.ne (memory.grow $other (i32.const 1)) (i32.const -1))))
  (memory.copy $memory $other (i32.const 0x10000) (i32.const 0) (i32.const 0x10000))
  (call $look (i32.const 0x10000) (call $end)))
;; What host calls leave behind in a buffer that they did not fill.
(func $attack-host-buffers
  (drop (call $environ_get (i32.const 0x1000) (i32.const 0x2000)))
  (drop (call $args_get (i32.const 0x10000) (i32.const 0x10100)))
  (drop (call $random_get (i32.const 0x11000) (i32.const 0x1000)))
  (i32.store (i32.const 0x10) (i32.const 0x12000))
  (i32.store (i32.const 0x14) (i32.const 0x8000))
  (drop (call $fd_read (i32.const 0) (i32.const 0x10) (i32.const 1) (i32.const 0x18)))
  (call $look (i32.const 0) (call $end)))
