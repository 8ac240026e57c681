;; Misuse of the host's calls.

(memory $memory (export "memory") 34)
(global $i (mut i32) (i32.const 0))

;; Subscriptions are 48 bytes, events 32. Fills $count subscriptions at 0x20000 to clock $clock in $ns.
(func $subscribe (param $count i32) (param $clock i32) (param $ns i64) (param $flags i32) (local $at i32)
  (local.set $at (i32.const 0x20000))
  (loop $l
    (i64.store (local.get $at) (i64.extend_i32_u (local.get $at)))
    (i64.store offset=8 (local.get $at) (i64.const 0))
    (i32.store offset=16 (local.get $at) (local.get $clock))
    (i64.store offset=24 (local.get $at) (local.get $ns))
    (i32.store16 offset=40 (local.get $at) (local.get $flags))
    (local.set $at (i32.add (local.get $at) (i32.const 48)))
    (br_if $l (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
(func $poll (param $count i32) (result i32)
  (call $poll_oneoff (i32.const 0x20000) (i32.const 0x100000) (local.get $count) (i32.const 0x18)))

(func $attack-poll-forever (call $subscribe (i32.const 1) (i32.const 1) (i64.const -1) (i32.const 0)) (drop (call $poll (i32.const 1))))
(func $attack-poll-until-the-end-of-time
  (call $subscribe (i32.const 1) (i32.const 0) (i64.const -1) (i32.const 1)) (drop (call $poll (i32.const 1))))
(func $attack-poll-past-moments (call $subscribe (i32.const 1) (i32.const 1) (i64.const 0) (i32.const 1))
  (loop $l (drop (call $poll (i32.const 1))) (br $l)))
(func $attack-poll-moments (call $subscribe (i32.const 1) (i32.const 1) (i64.const 1) (i32.const 0))
  (loop $l (drop (call $poll (i32.const 1))) (br $l)))
;; Sleeps for a moment and works for less than a slice, over and over: many of it wake at the same time.
(func $attack-nap-and-spin (local $spins i32)
  (call $subscribe (i32.const 1) (i32.const 1) (i64.const 1000000) (i32.const 0))
  (loop $l
    (drop (call $poll (i32.const 1)))
    (local.set $spins (i32.const 300000))
    (loop $spin (br_if $spin (local.tee $spins (i32.sub (local.get $spins) (i32.const 1)))))
    (br $l)))
;; A head whose every byte takes its time, so that a slot is held and nothing is said.
(func $attack-head-in-moments
  (call $subscribe (i32.const 1) (i32.const 1) (i64.const 20000000) (i32.const 0))
  (loop $l (call $say (i32.const 0x1e0) (i32.const 1)) (drop (call $poll (i32.const 1))) (br $l)))
(func $attack-poll-many (call $subscribe (i32.const 2048) (i32.const 1) (i64.const 0) (i32.const 0))
  (loop $l (drop (call $poll (i32.const 2048))) (br $l)))
(func $attack-poll-many-that-wait (call $subscribe (i32.const 2048) (i32.const 1) (i64.const 1000000) (i32.const 0))
  (loop $l (drop (call $poll (i32.const 2048))) (br $l)))
(func $attack-poll-too-many
  (global.set $result (i32.or (i32.eqz (call $poll (i32.const 2049)))
    (i32.or (i32.eqz (call $poll (i32.const 0))) (i32.or (i32.eqz (call $poll (i32.const -1))) (i32.eqz (call $poll (i32.const 0x5555556))))))))
(func $attack-poll-overlapping (call $subscribe (i32.const 1000) (i32.const 1) (i64.const 0) (i32.const 0))
  (loop $l (drop (call $poll_oneoff (i32.const 0x20000) (i32.const 0x20004) (i32.const 1000) (i32.const 0x20008))) (br $l)))
(func $attack-poll-unknown
  (call $subscribe (i32.const 1) (i32.const 77) (i64.const 0) (i32.const 0xffff)) (drop (call $poll (i32.const 1)))
  (i32.store8 (i32.const 0x20008) (i32.const 9)) (drop (call $poll (i32.const 1)))
  (i32.store8 (i32.const 0x20008) (i32.const 1)) (i32.store (i32.const 0x20010) (i32.const -1)) (drop (call $poll (i32.const 1))))
;; Both of stdin and stdout, and of the same 1000 times.
(func $attack-poll-streams (local $at i32)
  (call $subscribe (i32.const 1000) (i32.const 0) (i64.const 0) (i32.const 0))
  (local.set $at (i32.const 0x20000))
  (loop $l
    (i32.store8 offset=8 (local.get $at) (i32.const 1))
    (local.set $at (i32.add (local.get $at) (i32.const 48)))
    (br_if $l (i32.lt_u (local.get $at) (i32.const 0x2bb80))))
  (loop $l (drop (call $poll (i32.const 1000))) (br $l)))

(func $attack-random-all (loop $l (drop (call $random_get (i32.const 0x10000) (i32.const 0x200000))) (br $l)))
(func $attack-random-lies
  (global.set $result (i32.or (i32.eqz (call $random_get (i32.const 0x10000) (i32.const -1)))
    (i32.or (i32.eqz (call $random_get (i32.const -4) (i32.const 8)))
      (i32.eqz (call $random_get (i32.const 0x21fff9) (i32.const 8)))))))
(func $attack-environ-lies
  (drop (call $environ_get (i32.const 0x2000) (i32.const 0x2000)))
  (drop (call $environ_get (i32.const -4) (i32.const 0x2000)))
  (drop (call $environ_get (i32.const 0x1000) (i32.const -100)))
  (drop (call $environ_get (i32.const 0x21fff0) (i32.const 0x21ffff)))
  (drop (call $environ_sizes_get (i32.const -1) (i32.const -1)))
  (drop (call $args_get (i32.const -1) (i32.const -1)))
  (drop (call $args_sizes_get (i32.const 0x21fffe) (i32.const 0x21fffe))))
(func $attack-environ-forever (loop $l (drop (call $environ_get (i32.const 0x1000) (i32.const 0x2000))) (br $l)))
(func $attack-clock-forever (loop $l (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0xd000))) (br $l)))
(func $attack-yield-forever (loop $l (drop (call $sched_yield)) (br $l)))
(func $attack-stat-forever (loop $l (drop (call $fd_fdstat_get (i32.const 1) (i32.const 0xd000))) (br $l)))
(func $attack-bad-descriptor-forever (loop $l (drop (call $fd_close (i32.const -1))) (br $l)))
(func $attack-sockets-forever (loop $l (drop (call $sock_shutdown (i32.const 0) (i32.const 3))) (br $l)))

;; There are no files: whatever number a preopen might have.
(func $attack-open-files (local $fd i32)
  (loop $l
    (if (i32.eqz (call $fd_prestat_get (local.get $fd) (i32.const 0xd000))) (then (global.set $result (i32.const 1))))
    (if (i32.eqz (call $path_open (local.get $fd) (i32.const 1) (i32.const 0x100) (i32.const 5) (i32.const 1) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 0xd000)))
      (then (global.set $result (i32.const 1))))
    (br_if $l (i32.lt_u (local.tee $fd (i32.add (local.get $fd) (i32.const 1))) (i32.const 2000)))))

;; stdin: reads all of it, by much and by little, and then the end of it for ever.
(func $read (param $length i32) (result i32)
  (i32.store (i32.const 0x10) (i32.const 0x10000))
  (i32.store (i32.const 0x14) (local.get $length))
  (drop (call $fd_read (i32.const 0) (i32.const 0x10) (i32.const 1) (i32.const 0x18)))
  (i32.load (i32.const 0x18)))
(func $attack-read-by-bytes (loop $l (br_if $l (call $read (i32.const 1)))))
(func $attack-read-all (loop $l (br_if $l (call $read (i32.const 0x200000)))))
(func $attack-read-the-end-forever (loop $l (drop (call $read (i32.const 8))) (br $l)))
(func $attack-read-nothing-forever (loop $l (drop (call $read (i32.const 0))) (br $l)))
;; Answers first and goes on reading.
(func $attack-answer-then-read (call $returned) (loop $l (br_if $l (call $read (i32.const 0x200000)))))
