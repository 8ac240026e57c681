(module
  (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (type (;3;) (func (result i32)))
  (type (;4;) (func (param i32 i32) (result i32)))
  (type (;5;) (func))
  (import "wasi_snapshot_preview1" "fd_read" (func (;0;) (type 0)))
  (import "wasi_snapshot_preview1" "proc_exit" (func (;1;) (type 1)))
  (import "mayfly" "preempt" (func (;2;) (type 3)))
  (import "mayfly" "yield" (func (;3;) (type 3)))
  (import "mayfly" "park" (func (;4;) (type 3)))
  (import "mayfly" "grow" (func (;5;) (type 4)))
  (import "mayfly" "flags" (memory (;0;) 1 1 shared))
  (func (;6;) (type 2)
    i32.const 0
    i32.const 0
    i32.const 0
    i32.const 0
    call 7
    drop
    ref.func 8
    drop
    i32.const 1
    return_call 8)
  (func (;7;) (type 0) (param i32 i32 i32 i32) (result i32)
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
      (@metadata.code.branch_hint "\00") if  ;; label = @2
        call 4
        if  ;; label = @3
          unreachable
        end
        br 1 (;@1;)
      end
    end
    local.get 4
    i32.const 0
    i32.load
    (@metadata.code.