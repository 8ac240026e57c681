;; catch_all around everything that ends a guest: none of it may be caught, and the guest may not run on.

(memory $memory (export "memory") 2 16)
(tag $tag)
(table $table 1 funcref)

(data (i32.const 0xc000) "Content-Type: text/plain\n\nSURVIVED")
(func $survived (call $say (i32.const 0xc000) (i32.const 34)))

(func $attack-exit-0 (try (do (call $proc_exit (i32.const 0))) (catch_all)) (call $survived))
(func $attack-exit-1 (try (do (call $proc_exit (i32.const 1))) (catch_all)) (call $survived))
(func $attack-exit-max (try (do (call $proc_exit (i32.const -1))) (catch_all)) (call $survived))
(func $attack-exit-forever (loop $l (try (do (call $proc_exit (i32.const 0))) (catch_all)) (br $l)))
(func $attack-exit-in-handler (try (do (throw $tag)) (catch_all (call $proc_exit (i32.const 2)))) (call $survived))
(func $attack-raise (try (do (drop (call $proc_raise (i32.const 6)))) (catch_all)) (call $survived))
(func $attack-unreachable (try (do (unreachable)) (catch_all)) (call $survived))
(func $attack-out-of-bounds (try (do (drop (i32.load (i32.const -4)))) (catch_all)) (call $survived))
(func $attack-divide (try (do (drop (i32.div_u (i32.const 1) (i32.const 0)))) (catch_all)) (call $survived))
(func $attack-null-call (try (do (call_indirect $table (i32.const 0))) (catch_all)) (call $survived))
(func $attack-fill-out-of-bounds
  (try (do (memory.fill (i32.const 0x10000) (i32.const 1) (i32.const 0x7fffffff))) (catch_all)) (call $survived))
(func $attack-killed-in-a-loop (try (do (loop $l (br $l))) (catch_all)) (call $survived))
(func $attack-killed-in-handlers
  (loop $again
    (try (do (loop $l (try (do (throw $tag)) (catch_all)) (br $l))) (catch_all))
    (br $again)))
(func $attack-killed-in-a-host-call
  (try (do (loop $l (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0xd000))) (br $l))) (catch_all))
  (call $survived))
(func $attack-killed-in-bulk
  (try (do (loop $l (memory.fill (i32.const 0x10000) (i32.const 1) (i32.const 0x10000)) (br $l))) (catch_all)) (call $survived))
(func $attack-killed-asleep
  ;; Two subscriptions: an hour, and stdin, which has nothing or is at its end.
  (i32.store (i32.const 0xd010) (i32.const 1))
  (i64.store (i32.const 0xd018) (i64.const 3600000000000))
  (try (do (loop $l (drop (call $poll_oneoff (i32.const 0xd000) (i32.const 0xd100) (i32.const 1) (i32.const 0xd200))) (br $l))) (catch_all))
  (call $survived))
(func $attack-killed-asleep-after-the-head
  (call $head)
  (call $attack-killed-asleep))
(func $attack-exit-after-the-answer
  (call $returned)
  (try (do (call $proc_exit (i32.const 0))) (catch_all))
  (call $say (i32.const 0xc000) (i32.const 34)))
(func $attack-exit-amid-the-answer
  (call $head)
  (try (do (call $proc_exit (i32.const 9))) (catch_all))
  (call $say (i32.const 0xc000) (i32.const 34)))
(func $attack-malformed-then-more
  ;; A head without a colon: the host ends the guest, which catches.
  (try (do (call $say (i32.const 0xc01a) (i32.const 8)) (call $say (i32.const 0x138) (i32.const 2))) (catch_all))
  (loop $l (call $survived) (br $l)))
