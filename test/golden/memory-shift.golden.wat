(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func (result i32)))
  (type (;3;) (func))
  (type (;4;) (func (param i32 i32) (result i32)))
  (type (;5;) (func (param i32 i32)))
  (type (;6;) (func (param i32) (result i32)))
  (import "mayfly" "preempt" (func (;0;) (type 2)))
  (import "mayfly" "yield" (func (;1;) (type 2)))
  (import "mayfly" "park" (func (;2;) (type 2)))
  (import "mayfly" "next" (func (;3;) (type 2)))
  (import "mayfly" "resumed" (func (;4;) (type 3)))
  (import "mayfly" "grow" (func (;5;) (type 4)))
  (import "mayfly" "memory 0" (memory (;0;) 2 65535))
  (import "mayfly" "flags" (memory (;1;) 1 1 shared))
  (import "mayfly" "image 0" (memory (;2;) 0 65535))
  (func (;6;) (type 0) (param i32) (result i32)
    local.get 0
    i32.load offset=65544)
  (func (;7;) (type 1) (param i32)
    local.get 0
    i64.const 1
    i64.store offset=4294967295
    local.get 0
    i64.const 1
    i64.store offset=4294967280
    local.get 0
    i32.const 1
    i32.atomic.rmw.add offset=4294967292
    drop
    local.get 0
    local.get 0
    v128.load offset=65536 align=1
    v128.store8_lane offset=65537 15)
  (func (;8;) (type 6) (param i32) (result i32)
    call 9
    i32.const 65472
    i32.const 0
    i32.store8
    i32.const 65476
    i32.const 0
    i32.store
    i32.const 1
    global.set 0
    i32.const 0)
  (func (;9;) (type 3)
    (local i32)
    memory.size
    i32.const 1
    i32.sub
    i32.const 16
    i32.mul
    local.set 0
    i32.const 0
    local.get 0
    call 10)
  (func (;10;) (type 5) (param i32 i32)
    (local i32 i32)
    local.get 0
    i32.const 12
    i32.shl
    local.set 0
    local.get 1
    i32.const 12
    i32.shl
    i32.const 272
    i32.add
    local.set 1
    local.get 0
    if  ;; label = @1
      local.get 0
      i32.const 256
      i32.sub
      local.set 0
      local.get 1
      i32.const 256
      i32.add
      local.set 1
    end
    memory.size
    i32.const 16
    i32.shl
    i32.const 65536
    i32.sub
    local.get 0
    i32.sub
    local.set 2
    local.get 1
    local.get 2
    local.get 1
    local.get 2
    i32.lt_u
    select
    local.set 1
    memory.size 2
    i32.const 16
    i32.shl
    local.set 2
    local.get 0
    local.get 2
    i32.lt_u
    if  ;; label = @1
      local.get 2
      local.get 0
      i32.sub
      local.set 2
      local.get 1
      local.get 2
      local.get 1
      local.get 2
      i32.lt_u
      select
      local.set 3
      local.get 0
      i32.const 65536
      i32.add
      local.get 0
      local.get 3
      memory.copy 0 2
    end
    local.get 1
    local.get 3
    i32.sub
    local.tee 2
    if  ;; label = @1
      local.get 0
      i32.const 65536
      i32.add
      local.get 3
      i32.add
      i32.const 0
      local.get 2
      memory.fill
    end)
  (global (;0;) (mut i32) (i32.const 1))
  (export "rewind" (func 8)))
