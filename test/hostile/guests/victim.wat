;; Somebody else's function, with secrets in its variables, its headers and its body. It has to go on being served.

(memory $memory (export "memory") 2)

;; `?1&N` answers N.
(func $attack-answer
  (i32.store (i32.const 0x10) (i32.const 0x10000))
  (i32.store (i32.const 0x14) (i32.const 0x8000))
  (drop (call $fd_read (i32.const 0) (i32.const 0x10) (i32.const 1) (i32.const 0x18)))
  (memory.copy (i32.const 0x18000) (i32.const 0x2000) (i32.const 0x2000))
  (global.set $result (global.get $argument)))
