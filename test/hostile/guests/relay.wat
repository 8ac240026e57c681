;; Writes its stdin to stdout as it is, head and all: what a response says is then the request's to choose.

(memory $memory (export "memory") 3)

(func $attack-relay
  (loop $l
    (i32.store (i32.const 0x10) (i32.const 0x10000))
    (i32.store (i32.const 0x14) (i32.const 0x20000))
    (drop (call $fd_read (i32.const 0) (i32.const 0x10) (i32.const 1) (i32.const 0x18)))
    (if (i32.load (i32.const 0x18))
      (then (call $say (i32.const 0x10000) (i32.load (i32.const 0x18))) (br $l))))
  (call $proc_exit (i32.const 0)))
