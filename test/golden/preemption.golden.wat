(module
  (type (;0;) (func))
  (type (;1;) (func (param i32) (result i32)))
  (type (;2;) (func (param i32)))
  (type (;3;) (func (result i32)))
  (type (;4;) (func))
  (type (;5;) (func (param i32 i32) (result i32)))
  (type (;6;) (func (param i32 i32)))
  (type (;7;) (func (param i32 funcref i32)))
  (type (;8;) (func (param i32) (result i32)))
  (import "mayfly" "preempt" (func (;0;) (type 3)))
  (import "mayfly" "yield" (func (;1;) (type 3)))
  (import "mayfly" "park" (func (;2;) (type 3)))
  (import "mayfly" "next" (func (;3;) (type 3)))
  (import "mayfly" "resumed" (func (;4;) (type 4)))
  (import "mayfly" "grow" (func (;5;) (type 5)))
  (import "mayfly" "flags" (memory (;0;) 1 1 shared))
  (func (;6;) (type 1) (param i32) (result i32)
    local.get 0
    i32.const 1
    i32.add)
  (func (;7;) (type 2) (param i32)
    i32.const 0
    i32.load
    if  ;; label = @1
      call 11
    end
    loop  ;; label = @1
      local.get 0
      call 6
      local.tee 0
      if  ;; label = @2
        i32.const 0
        i32.load
        if  ;; label = @3
          call 11
        end
        br 1 (;@1;)
      end
    end)
  (func (;8;) (type 2) (param i32)
    (local i32)
    i32.const -20
    local.set 1
    loop  ;; label = @1
      local.get 0
      i32.const 31
      i32.mul
      local.set 0
      local.get 1
      i32.const 4
      i32.add
      local.tee 1
      br_if 0 (;@1;)
    end)
  (func (;9;) (type 2) (param i32)
    local.get 0
    loop (param i32)  ;; label = @1
      local.set 0
      local.get 0
      local.get 0
      i32.const 0
      i32.load
      if  ;; label = @2
        call 11
      end
      br_if 0 (;@1;)
      drop
    end
    loop  ;; label = @1
      block  ;; label = @2
        local.get 0
        i32.const 0
        i32.load
        if  ;; label = @3
          call 11
        end
        br_table 0 (;@2;) 1 (;@1;)
      end
      i32.const 0
      i32.load
      if  ;; label = @2
        call 11
      end
      br 0 (;@1;)
    end)
  (func (;10;) (type 0)
    i32.const 0
    i32.load
    if  ;; label = @1
      call 11
    end
    i32.const 0
    call_indirect (type 0)
    i32.const 0
    ref.null func
    i32.const 1
    i32.const 0
    i32.load
    if  ;; label = @1
      call 11
    end
    call 12
    try  ;; label = @1
      i32.const 0
      i32.load
      if  ;; label = @2
        call 11
      end
      throw 0
    catch 0
      i32.const 0
      i32.load
      if  ;; label = @2
        call 11
      end
      return
    end)
  (func (;11;) (type 4)
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
  (func (;12;) (type 7) (param i32 funcref i32)
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
    call 13
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
        call 11
      end
      local.get 2
      br_if 0 (;@1;)
    end)
  (func (;13;) (type 6) (param i32 i32)
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
  (func (;14;) (type 8) (param i32) (result i32)
    local.get 0
    call 15
    local.tee 0
    i32.eqz
    if  ;; label = @1
      i32.const 1
      return
    end
    i32.const 0)
  (func (;15;) (type 8) (param i32) (result i32)
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
      table.copy 0 1
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
  (table (;0;) 1 funcref)
  (table (;1;) 1 funcref)
  (tag (;0;) (type 0))
  (global (;0;) (mut i32) (i32.const -1))
  (global (;1;) (mut i32) (i32.const 0))
  (export "rewind" (func 14)))
;; unlikely in function 7: 6 26
;; unlikely in function 9: 16 36 51
;; unlikely in function 10: 6 27 41 55
;; unlikely in function 12: 77
