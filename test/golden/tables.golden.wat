(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32) (result i32)))
  (type (;4;) (func (param i32 i32)))
  (type (;5;) (func (param i32 funcref)))
  (type (;6;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;7;) (func (param i32 i32 i32)))
  (type (;8;) (func (param i32) (result i32)))
  (import "mayfly" "preempt" (func (;0;) (type 1)))
  (import "mayfly" "yield" (func (;1;) (type 1)))
  (import "mayfly" "park" (func (;2;) (type 1)))
  (import "mayfly" "next" (func (;3;) (type 1)))
  (import "mayfly" "resumed" (func (;4;) (type 2)))
  (import "mayfly" "grow" (func (;5;) (type 3)))
  (import "mayfly" "flags" (memory (;0;) 1 1 shared))
  (func (;6;) (type 0) (param i32)
    i32.const 0
    i32.const 0
    table.get 1
    call 7
    i32.const 1
    i32.const 0
    i32.const 1
    call 9
    i32.const 1
    global.set 2)
  (func (;7;) (type 5) (param i32 funcref)
    local.get 0
    local.get 1
    table.set 0
    local.get 0
    i32.const 1
    call 8)
  (func (;8;) (type 4) (param i32 i32)
    local.get 0
    global.get 0
    i32.lt_u
    if  ;; label = @1
      local.get 0
      global.set 0
    end
    local.get 0
    local.get 1
    i32.add
    local.tee 0
    global.get 1
    i32.gt_u
    if  ;; label = @1
      local.get 0
      global.set 1
    end)
  (func (;9;) (type 7) (param i32 i32 i32)
    local.get 0
    local.get 1
    local.get 2
    i32.const 0
    i32.const 1
    global.get 2
    select
    call 10
    if  ;; label = @1
      local.get 0
      i32.const 2
      local.get 1
      local.get 1
      i32.const 2
      i32.lt_u
      global.get 2
      i32.and
      select
      local.get 2
      table.init 2
    end
    local.get 0
    local.get 1
    local.get 2
    table.init 2)
  (func (;10;) (type 6) (param i32 i32 i32 i32) (result i32)
    local.get 0
    i64.extend_i32_u
    local.get 2
    i64.extend_i32_u
    i64.add
    table.size 0
    i64.extend_i32_u
    i64.gt_u
    local.get 1
    i64.extend_i32_u
    local.get 2
    i64.extend_i32_u
    i64.add
    local.get 3
    i64.extend_i32_u
    i64.gt_u
    i32.or
    if  ;; label = @1
      i32.const 1
      return
    end
    local.get 0
    local.get 2
    call 8
    i32.const 0)
  (func (;11;) (type 8) (param i32) (result i32)
    i32.const 0
    global.set 2
    local.get 0
    call 12
    local.tee 0
    i32.eqz
    if  ;; label = @1
      i32.const 1
      return
    end
    i32.const 0)
  (func (;12;) (type 8) (param i32) (result i32)
    (local i32 i32)
    global.get 0
    global.get 1
    i32.lt_u
    if  ;; label = @1
      local.get 0
      i32.const 8
      i32.shr_u
      i32.const 1
      i32.add
      local.set 1
      global.get 1
      global.get 0
      i32.sub
      local.set 2
      local.get 1
      local.get 2
      local.get 1
      local.get 2
      i32.lt_u
      select
      local.set 1
      global.get 0
      global.get 0
      local.get 1
      table.copy 0 2
      local.get 1
      local.get 2
      i32.lt_u
      if  ;; label = @2
        global.get 0
        local.get 1
        i32.add
        global.set 0
      else
        i32.const -1
        global.set 0
        i32.const 0
        global.set 1
      end
      local.get 1
      i32.const 8
      i32.shl
      local.tee 1
      local.get 0
      i32.ge_u
      if  ;; label = @2
        i32.const 0
        return
      end
      local.get 0
      local.get 1
      i32.sub
      local.set 0
    end
    local.get 0)
  (table (;0;) 4 funcref)
  (table (;1;) 2 funcref)
  (table (;2;) 4 funcref)
  (global (;0;) (mut i32) (i32.const -1))
  (global (;1;) (mut i32) (i32.const 0))
  (global (;2;) (mut i32) (i32.const 0))
  (export "rewind" (func 11))
  (elem (;0;) (i32.const 1) func 6 6)
  (elem (;1;) (table 1) (i32.const 0) func 6)
  (elem (;2;) func 6)
  (elem (;3;) (table 2) (i32.const 1) func 6 6))
