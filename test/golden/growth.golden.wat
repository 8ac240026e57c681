(module
  (type (;0;) (func (param i32) (result i32 i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32) (result i32)))
  (type (;4;) (func (param i32) (result i32)))
  (type (;5;) (func (param i32 i32)))
  (import "mayfly" "preempt" (func (;0;) (type 1)))
  (import "mayfly" "yield" (func (;1;) (type 1)))
  (import "mayfly" "park" (func (;2;) (type 1)))
  (import "mayfly" "next" (func (;3;) (type 1)))
  (import "mayfly" "resumed" (func (;4;) (type 2)))
  (import "mayfly" "grow" (func (;5;) (type 3)))
  (import "mayfly" "memory 0" (memory (;0;) 2 65535))
  (import "mayfly" "flags" (memory (;1;) 1 1 shared))
  (import "mayfly" "image 0" (memory (;2;) 0 65535))
  (func (;6;) (type 0) (param i32) (result i32 i32)
    local.get 0
    call 7
    global.get 0)
  (func (;7;) (type 4) (param i32) (result i32)
    (local i32)
    local.get 0
    i32.const 5
    i32.gt_u
    if  ;; label = @1
      i32.const -1
      return
    end
    global.get 0
    local.get 0
    i32.add
    local.tee 1
    i32.const 5
    i32.gt_u
    if  ;; label = @1
      i32.const -1
      return
    end
    local.get 1
    i32.const 1
    i32.add
    memory.size
    i32.gt_u
    if  ;; label = @1
      local.get 1
      i32.const 1
      i32.add
      memory.size
      i32.sub
      local.tee 0
      i32.const 0
      call 5
      i32.eqz
      if  ;; label = @2
        i32.const -1
        return
      end
      local.get 0
      memory.grow
      i32.const -1
      i32.eq
      if  ;; label = @2
        i32.const 65472
        i32.const 1
        i32.store8
        i32.const -1
        return
      end
    end
    i32.const 65476
    local.get 1
    i32.const 1
    i32.sub
    i32.const 16
    i32.shl
    i32.store
    global.get 0
    local.get 1
    global.set 0)
  (func (;8;) (type 4) (param i32) (result i32)
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
  (func (;9;) (type 2)
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
