(module
  (type (;0;) (func))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32) (result i32)))
  (type (;4;) (func (param i32) (result i32)))
  (import "mayfly" "preempt" (func (;0;) (type 1)))
  (import "mayfly" "yield" (func (;1;) (type 1)))
  (import "mayfly" "park" (func (;2;) (type 1)))
  (import "mayfly" "next" (func (;3;) (type 1)))
  (import "mayfly" "resumed" (func (;4;) (type 2)))
  (import "mayfly" "grow" (func (;5;) (type 3)))
  (import "mayfly" "flags" (memory (;0;) 1 1 shared))
  (func (;6;) (type 0)
    i32.const 0
    i32.load
    if  ;; label = @1
      call 7
    end
    loop  ;; label = @1
      i32.const 0
      i32.load
      if  ;; label = @2
        call 7
      end
      try_table  ;; label = @2
        (catch 0 0 (;@1;))
        call 6
      end
    end)
  (func (;7;) (type 2)
    (local i32)
    call 0
    local.tee 0
    if  ;; label = @1
      local.get 0
      i32.const 2
      i32.eq
      if  ;; label = @2
        unreachable
      end
      call 1
      call 4
      if  ;; label = @2
        unreachable
      end
    end)
  (func (;8;) (type 4) (param i32) (result i32)
    i32.const 0)
  (tag (;0;) (type 0))
  (export "rewind" (func 8)))
;; unlikely in function 6: 6 18
