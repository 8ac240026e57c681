(module
  (type (;0;) (func))
  (type (;1;) (func (param i32) (result i32)))
  (type (;2;) (func (param i32)))
  (type (;3;) (func (result i32)))
  (type (;4;) (func))
  (import "mayfly" "preempt" (func (;0;) (type 3)))
  (import "mayfly" "yield" (func (;1;) (type 3)))
  (import "mayfly" "park" (func (;2;) (type 3)))
  (import "mayfly" "flags" (memory (;0;) 1 1 shared))
  (func (;3;) (type 1) (param i32) (result i32)
    local.get 0
    i32.const 1
    i32.add)
  (func (;4;) (type 2) (param i32)
    i32.const 0
    i32.load
    (@metadata.code.branch_hint "\00") if  ;; label = @1
      call 6
    end
    loop  ;; label = @1
      i32.const 0
      i32.load
      (@metadata.code.branch_hint "\00") if  ;; label = @2
        call 6
      end
      local.get 0
      call 3
      local.tee 0
      br_if 0 (;@1;)
    end)
  (func (;5;) (type 0)
    i32.const 0
    i32.load
    (@metadata.code.branch_hint "\00") if  ;; label = @1
      call 6
    end
    i32.const 0
    call_indirect (type 0)
    i32.const 0
    ref.null func
    i32.const 1
    i32.const 0
    i32.load
    (@metadata.code.branch_hint "\00") if  ;; label = @1
      call 6
    end
    table.fill 0
    try  ;; label = @1
      i32.const 0
      i32.load
      (@metadata.code.branch_hint "\00") if  ;; label = @2
        call 6
      end
      throw 0
    catch 0
      i32.const 0
      i32.load
      (@metadata.code.branch_hint "\00") if  ;; label = @2
        call 6
      end
      return
    end)
  (func (;6;) (type 4)
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
      if  ;; label = @2
        unreachable
      end
    end)
  (func (;7;) (type 4)
    i32.const 0
    i32.const 0
    i32.const 1
    table.copy 0 1)
  (table (;0;) 1 funcref)
  (table (;1;) 1 funcref)
  (tag (;0;) (type 0))
  (export "rewind" (func 7)))
