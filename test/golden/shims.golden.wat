(module
  (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (type (;3;) (func (result i32)))
  (type (;4;) (func))
  (type (;5;) (func (param i32 i32) (result i32)))
  (type (;6;) (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func (;0;) (type 0)))
  (import "wasi_snapshot_preview1" "proc_exit" (func (;1;) (type 1)))
  (import "mayfly" "preempt" (func (;2;) (type 3)))
  (import "mayfly" "yield" (func (;3;) (type 3)))
  (import "mayfly" "park" (func (;4;) (type 3)))
  (import "mayfly" "next" (func (;5;) (type 3)))
  (import "mayfly" "resumed" (func (;6;) (type 4)))
  (import "mayfly" "grow" (func (;7;) (type 5)))
  (import "mayfly" "flags" (memory (;0;) 1 1 shared))
  (func (;8;) (type 2)
    i32.const 0
    i32.const 0
    i32.const 0
    i32.const 0
    call 9
    drop
    ref.func 10
    drop
    i32.const 1
    return_call 10)
  (func (;9;) (type 0) (param i32 i32 i32 i32) (result i32)
    (local i32)
    loop  ;; label = @1
      local.get 0
      local.get 1
      local.get 2
      local.get 3
      call 0
      local.tee 4
      i32.const -1
      i32.eq
      if  ;; label = @2
        call 4
        call 6
        if  ;; label = @3
          unreachable
        end
        br 1 (;@1;)
      end
    end
    local.get 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 11
    end)
  (func (;10;) (type 1) (param i32)
    local.get 0
    call 1
    i32.const 0
    i32.load
    if  ;; label = @1
      call 11
    end)
  (func (;11;) (type 4)
    (local i32)
    call 2
    local.tee 0
    if  ;; label = @1
      local.get 0
      i32.const 2
      i32.eq
      if  ;; label = @2
        unreachable
      end
      call 3
      call 6
      if  ;; label = @2
        unreachable
      end
    end)
  (func (;12;) (type 6) (param i32) (result i32)
    i32.const 0)
  (func (;13;) (type 4)
    call 8)
  (func (;14;) (type 4)
    loop  ;; label = @1
      call 5
      if  ;; label = @2
        call 6
        call 13
        br 1 (;@1;)
      end
    end)
  (table (;0;) 1 funcref)
  (export "enter" (func 13))
  (export "serve" (func 14))
  (export "rewind" (func 12))
  (elem (;0;) (i32.const 0) func 9)
  (elem (;1;) declare func 10))
;; unlikely in function 9: 20 41
;; unlikely in function 10: 10
