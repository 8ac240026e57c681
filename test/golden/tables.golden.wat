(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func (param i32 i32 i32)))
  (type (;3;) (func))
  (import "mayfly" "preempt" (func (;0;) (type 1)))
  (import "mayfly" "yield" (func (;1;) (type 1)))
  (import "mayfly" "park" (func (;2;) (type 1)))
  (import "mayfly" "flags" (memory (;0;) 1 1 shared))
  (func (;3;) (type 0) (param i32)
    i32.const 0
    i32.const 0
    table.get 1
    table.set 0
    i32.const 1
    i32.const 0
    i32.const 1
    call 4
    i32.const 1
    global.set 0)
  (func (;4;) (type 2) (param i32 i32 i32)
    global.get 0
    if  ;; label = @1
      local.get 1
      local.get 2
      i32.or
      if  ;; label = @2
        local.get 1
        i32.const 2
        i32.lt_u
        if  ;; label = @3
          i32.const 2
          local.set 1
        end
      end
    end
    local.get 0
    local.get 1
    local.get 2
    table.init 2)
  (func (;5;) (type 3)
    i32.const 0
    global.set 0
    i32.const 0
    i32.const 0
    i32.const 4
    table.copy 0 2)
  (table (;0;) 4 funcref)
  (table (;1;) 2 funcref)
  (table (;2;) 4 funcref)
  (global (;0;) (mut i32) (i32.const 0))
  (export "rewind" (func 5))
  (elem (;0;) (i32.const 1) func 3 3)
  (elem (;1;) (table 1) (i32.const 0) func 3)
  (elem (;2;) func 3)
  (elem (;3;) (table 2) (i32.const 1) func 3 3))
