(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32) (result i32)))
  (type (;4;) (func (param i32 i32)))
  (type (;5;) (func (param i32 funcref i32)))
  (type (;6;) (func (param i32 i32 i32)))
  (type (;7;) (func (param i32 i32 i32 i32) (result i32)))
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
    ref.null func
    local.get 0
    i32.const 0
    i32.load
    if  ;; label = @1
      call 7
    end
    call 8
    i32.const 0
    i32.const 0
    local.get 0
    i32.const 0
    i32.load
    if  ;; label = @1
      call 7
    end
    call 10
    i32.const 0
    i32.const 0
    local.get 0
    i32.const 0
    i32.load
    if  ;; label = @1
      call 7
    end
    call 11
    i32.const 0
    i32.const 0
    local.get 0
    i32.const 0
    i32.load
    if  ;; label = @1
      call 7
    end
    call 13)
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
  (func (;8;) (type 5) (param i32 funcref i32)
    (local i32)
    local.get 0
    i64.extend_i32_u
    local.get 2
    i64.extend_i32_u
    i64.add
    table.size 0
    i64.extend_i32_u
    i64.gt_u
    if  ;; label = @1
      local.get 0
      local.get 1
      local.get 2
      table.fill 0
    end
    local.get 0
    local.get 2
    call 9
    loop  ;; label = @1
      local.get 2
      i32.const 256
      local.get 2
      i32.const 256
      i32.lt_u
      select
      local.set 3
      local.get 0
      local.get 1
      local.get 3
      table.fill 0
      local.get 0
      local.get 3
      i32.add
      local.set 0
      local.get 2
      local.get 3
      i32.sub
      local.set 2
      i32.const 0
      i32.load
      if  ;; label = @2
        call 7
      end
      local.get 2
      br_if 0 (;@1;)
    end)
  (func (;9;) (type 4) (param i32 i32)
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
  (func (;10;) (type 6) (param i32 i32 i32)
    (local i32)
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
    table.size 1
    i64.extend_i32_u
    i64.gt_u
    i32.or
    if  ;; label = @1
      local.get 0
      local.get 1
      local.get 2
      table.copy 0 1
    end
    local.get 0
    local.get 2
    call 9
    local.get 0
    local.get 1
    i32.le_u
    if  ;; label = @1
      loop  ;; label = @2
        local.get 2
        i32.const 256
        local.get 2
        i32.const 256
        i32.lt_u
        select
        local.set 3
        local.get 0
        local.get 1
        local.get 3
        table.copy 0 1
        local.get 0
        local.get 3
        i32.add
        local.set 0
        local.get 1
        local.get 3
        i32.add
        local.set 1
        local.get 2
        local.get 3
        i32.sub
        local.set 2
        i32.const 0
        i32.load
        if  ;; label = @3
          call 7
        end
        local.get 2
        br_if 0 (;@2;)
      end
    else
      local.get 0
      local.get 2
      i32.add
      local.set 0
      local.get 1
      local.get 2
      i32.add
      local.set 1
      loop  ;; label = @2
        local.get 2
        i32.const 256
        local.get 2
        i32.const 256
        i32.lt_u
        select
        local.set 3
        local.get 0
        local.get 3
        i32.sub
        local.set 0
        local.get 1
        local.get 3
        i32.sub
        local.set 1
        local.get 0
        local.get 1
        local.get 3
        table.copy 0 1
        local.get 2
        local.get 3
        i32.sub
        local.set 2
        i32.const 0
        i32.load
        if  ;; label = @3
          call 7
        end
        local.get 2
        br_if 0 (;@2;)
      end
    end)
  (func (;11;) (type 6) (param i32 i32 i32)
    local.get 0
    local.get 1
    local.get 2
    i32.const 0
    i32.const 1
    global.get 2
    select
    call 12
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
      table.init 0
    end
    local.get 0
    local.get 1
    local.get 2
    table.init 0)
  (func (;12;) (type 7) (param i32 i32 i32 i32) (result i32)
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
    call 9
    i32.const 0
    i32.load
    if  ;; label = @1
      call 7
    end
    i32.const 0)
  (func (;13;) (type 6) (param i32 i32 i32)
    (local i32)
    local.get 0
    local.get 1
    local.get 2
    i32.const 0
    i32.const 289
    global.get 3
    select
    call 14
    if  ;; label = @1
      local.get 0
      i32.const 290
      local.get 1
      local.get 1
      i32.const 290
      i32.lt_u
      global.get 3
      i32.and
      select
      local.get 2
      table.init 1 1
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
      local.get 1
      local.get 3
      table.init 1 1
      local.get 0
      local.get 3
      i32.add
      local.set 0
      local.get 1
      local.get 3
      i32.add
      local.set 1
      local.get 2
      local.get 3
      i32.sub
      local.set 2
      i32.const 0
      i32.load
      if  ;; label = @2
        call 7
      end
      local.get 2
      br_if 0 (;@1;)
    end)
  (func (;14;) (type 7) (param i32 i32 i32 i32) (result i32)
    local.get 0
    i64.extend_i32_u
    local.get 2
    i64.extend_i32_u
    i64.add
    table.size 1
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
    call 15
    i32.const 0
    i32.load
    if  ;; label = @1
      call 7
    end
    i32.const 0)
  (func (;15;) (type 4) (param i32 i32)
    local.get 0
    global.get 4
    i32.lt_u
    if  ;; label = @1
      local.get 0
      global.set 4
    end
    local.get 0
    local.get 1
    i32.add
    local.tee 0
    global.get 5
    i32.gt_u
    if  ;; label = @1
      local.get 0
      global.set 5
    end)
  (func (;16;) (type 8) (param i32) (result i32)
    i32.const 0
    global.set 2
    i32.const 0
    global.set 3
    local.get 0
    call 17
    local.tee 0
    i32.eqz
    if  ;; label = @1
      i32.const 1
      return
    end
    local.get 0
    call 18
    local.tee 0
    i32.eqz
    if  ;; label = @1
      i32.const 1
      return
    end
    i32.const 0)
  (func (;17;) (type 8) (param i32) (result i32)
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
  (func (;18;) (type 8) (param i32) (result i32)
    (local i32 i32)
    global.get 4
    global.get 5
    i32.lt_u
    if  ;; label = @1
      local.get 0
      i32.const 8
      i32.shr_u
      i32.const 1
      i32.add
      local.set 1
      global.get 5
      global.get 4
      i32.sub
      local.set 2
      local.get 1
      local.get 2
      local.get 1
      local.get 2
      i32.lt_u
      select
      local.set 1
      global.get 4
      global.get 4
      local.get 1
      table.copy 1 3
      local.get 1
      local.get 2
      i32.lt_u
      if  ;; label = @2
        global.get 4
        local.get 1
        i32.add
        global.set 4
      else
        i32.const -1
        global.set 4
        i32.const 0
        global.set 5
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
  (table (;0;) 2 funcref)
  (table (;1;) 2 funcref)
  (table (;2;) 2 funcref)
  (table (;3;) 2 funcref)
  (global (;0;) (mut i32) (i32.const -1))
  (global (;1;) (mut i32) (i32.const 0))
  (global (;2;) (mut i32) (i32.const 0))
  (global (;3;) (mut i32) (i32.const 0))
  (global (;4;) (mut i32) (i32.const -1))
  (global (;5;) (mut i32) (i32.const 0))
  (export "rewind" (func 16))
  (elem (;0;) func 6)
  (elem (;1;) func 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6))
;; unlikely in function 6: 12 30 48 66
;; unlikely in function 8: 77
;; unlikely in function 10: 106 183
;; unlikely in function 12: 42
;; unlikely in function 13: 97
;; unlikely in function 14: 42
