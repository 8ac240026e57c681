;; Endless loops by the exceptions of WebAssembly 3.0, which V8 does not take beside the older ones.

(memory $memory (export "memory") 2)
(tag $tag)
(tag $full (param v128 v128))

(func $attack-try-table
  (loop $l (block $caught (try_table (catch_all $caught) (throw $tag))) (br $l)))
(func $attack-try-table-to-loop
  (loop $l (try_table (catch $tag $l) (throw $tag))))
(func $attack-throw-ref
  (local $e exnref)
  (loop $l
    (block $caught (result exnref) (try_table (catch_all_ref $caught) (throw $tag)) (unreachable))
    (local.set $e)
    (block $again (result exnref) (try_table (catch_all_ref $again) (throw_ref (local.get $e))) (unreachable))
    (local.set $e)
    (br $l)))
(func $throw-full
  (@repeat 2 (v128.const i64x2 1 2))
  (throw $full))
(func $caught-full (result exnref)
  (block $caught (result exnref) (try_table (catch_all_ref $caught) (call $throw-full)) (unreachable)))

;; Keeps every exception alive on the stack, as deep as that goes.
(func $hoard
  (local exnref exnref exnref exnref)
  (local.set 0 (call $caught-full))
  (local.set 1 (call $caught-full))
  (local.set 2 (call $caught-full))
  (local.set 3 (call $caught-full))
  (call $hoard)
  (drop (local.get 0)) (drop (local.get 1)) (drop (local.get 2)) (drop (local.get 3)))
(func $attack-hoard-exceptions-on-the-stack
  (loop $l (block $caught (try_table (catch_all $caught) (call $hoard))) (br $l)))
