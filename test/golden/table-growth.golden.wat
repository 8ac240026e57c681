(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32) (result i32)))
  (type (;4;) (func (param funcref i32) (result i32)))
  (type (;5;) (func (param i32) (result i32)))
  (import "mayfly" "preempt" (func (;0;) (type 1)))
  (import "mayfly" "yield" (func (;1;) (type 1)))
  (import "mayfly" "park" (func (;2;) (type 1)))
  (import "mayfly" "next" (func (;3;) (type 1)))
  (import "mayfly" "resumed" (func (;4;) (type 2)))
  (import "mayfly" "grow" (func (;5;) (type 3)))
  (import "mayfly" "flags" (memory (;0;) 1 1 shared))
  (func (;6;) (type 0) (param i32) (result i32)
    ref.null func
    local.get 0
    call 7)
  (func (;7;) (type 4) (param funcref i32) (result i32)
    (local i32 i32)
    local.get 1
    local.tee 2
    i32.const 200000
    i32.gt_u
    if  ;; label = @1
      i32.const -1
      return
    end
    table.size 0
    local.tee 1
    local.get 2
    i32.add
    i32.const 200000
    i32.gt_u
    if  ;; label = @1
      i32.const -1
      return
    end
    local.get 1
    local.get 2
    i32.add
    i32.const 11
    i32.shr_u
    local.get 1
    i32.const 11
    i32.shr_u
    i32.sub
    local.tee 3
    if  ;; label = @1
      local.get 3
      i32.const -1
      call 5
      i32.eqz
      if  ;; label = @2
        i32.const -1
        return
      end
    end
    loop  ;; label = @1
      local.get 2
      i32.const 256
      local.get 2
      i32.const 256
      i32.lt_u
      select
      local.set 3
      local.get 0
      local.get 3
      table.grow 0
      i32.const -1
      i32.eq
      if  ;; label = @2
        unreachable
      end
      local.get 2
      local.get 3
      i32.sub
      local.set 2
      local.get 2
      br_if 0 (;@1;)
    end
    local.get 1)
  (func (;8;) (type 5) (param i32) (result i32)
    i32.const 0)
  (table (;0;) 1 funcref)
  (export "rewind" (func 8)))
