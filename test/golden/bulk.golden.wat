(module
  (type (;0;) (func (param i32 i32 i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32) (result i32)))
  (type (;4;) (func (param i32 i32)))
  (type (;5;) (func (param i32 i32 i32)))
  (type (;6;) (func (param i32 i32 i32 i32)))
  (type (;7;) (func (param i32) (result i32)))
  (import "mayfly" "preempt" (func (;0;) (type 1)))
  (import "mayfly" "yield" (func (;1;) (type 1)))
  (import "mayfly" "park" (func (;2;) (type 1)))
  (import "mayfly" "next" (func (;3;) (type 1)))
  (import "mayfly" "resumed" (func (;4;) (type 2)))
  (import "mayfly" "grow" (func (;5;) (type 3)))
  (import "mayfly" "memory 0" (memory (;0;) 2 65535))
  (import "mayfly" "flags" (memory (;1;) 1 1 shared))
  (import "mayfly" "image 0" (memory (;2;) 0 65535))
  (func (;6;) (type 0) (param i32 i32 i32)
    local.get 0
    local.get 1
    local.get 2
    call 7
    local.get 0
    local.get 1
    local.get 2
    call 10
    local.get 0
    local.get 1
    local.get 2
    call 11)
  (func (;7;) (type 5) (param i32 i32 i32)
    (local i32)
    local.get 0
    i64.extend_i32_u
    local.get 2
    i64.extend_i32_u
    i64.add
    global.get 0
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if  ;; label = @1
      i32.const -1
      i32.load8_u offset=4294967295
      drop
    end
    local.get 0
    local.get 2
    call 8
    loop  ;; label = @1
      local.get 2
      i32.const 65536
      local.get 2
      i32.const 65536
      i32.lt_u
      select
      local.set 3
      local.get 0
      i32.const 65536
      i32.add
      local.get 1
      local.get 3
      memory.fill
      local.get 0
      local.get 3
      i32.add
      local.set 0
      local.get 2
      local.get 3
      i32.sub
      local.set 2
      i32.const 0
      i32.load 1
      if  ;; label = @2
        call 9
      end
      local.get 2
      br_if 0 (;@1;)
    end)
  (func (;8;) (type 4) (param i32 i32)
    (local i32)
    local.get 1
    i32.eqz
    if  ;; label = @1
      return
    end
    local.get 0
    i32.const 12
    i32.shr_u
    local.tee 2
    i32.const 1
    local.get 0
    local.get 1
    i32.add
    i32.const 1
    i32.sub
    i32.const 12
    i32.shr_u
    local.get 2
    i32.sub
    i32.const 1
    i32.add
    memory.fill)
  (func (;9;) (type 2)
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
  (func (;10;) (type 5) (param i32 i32 i32)
    (local i32)
    local.get 0
    i64.extend_i32_u
    local.get 2
    i64.extend_i32_u
    i64.add
    global.get 0
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if  ;; label = @1
      i32.const -1
      i32.load8_u offset=4294967295
      drop
    end
    local.get 1
    i64.extend_i32_u
    local.get 2
    i64.extend_i32_u
    i64.add
    global.get 0
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if  ;; label = @1
      i32.const -1
      i32.load8_u offset=4294967295
      drop
    end
    local.get 0
    local.get 2
    call 8
    local.get 0
    local.get 1
    i32.le_u
    if  ;; label = @1
      loop  ;; label = @2
        local.get 2
        i32.const 65536
        local.get 2
        i32.const 65536
        i32.lt_u
        select
        local.set 3
        local.get 0
        i32.const 65536
        i32.add
        local.get 1
        i32.const 65536
        i32.add
        local.get 3
        memory.copy
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
        i32.load 1
        if  ;; label = @3
          call 9
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
        i32.const 65536
        local.get 2
        i32.const 65536
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
        i32.const 65536
        i32.add
        local.get 1
        i32.const 65536
        i32.add
        local.get 3
        memory.copy
        local.get 2
        local.get 3
        i32.sub
        local.set 2
        i32.const 0
        i32.load 1
        if  ;; label = @3
          call 9
        end
        local.get 2
        br_if 0 (;@2;)
      end
    end)
  (func (;11;) (type 5) (param i32 i32 i32)
    local.get 0
    local.get 1
    local.get 2
    i32.const 0
    i32.const 5
    global.get 1
    select
    call 12
    local.get 0
    i32.const 65536
    i32.add
    local.get 1
    local.get 2
    memory.init 0)
  (func (;12;) (type 6) (param i32 i32 i32 i32)
    local.get 0
    i64.extend_i32_u
    local.get 2
    i64.extend_i32_u
    i64.add
    global.get 0
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if  ;; label = @1
      i32.const -1
      i32.load8_u offset=4294967295
      drop
    end
    local.get 1
    i64.extend_i32_u
    local.get 2
    i64.extend_i32_u
    i64.add
    local.get 3
    i64.extend_i32_u
    i64.gt_u
    if  ;; label = @1
      i32.const -1
      i32.load8_u offset=4294967295
      drop
    end
    local.get 0
    local.get 2
    call 8
    i32.const 0
    i32.load 1
    if  ;; label = @1
      call 9
    end)
  (func (;13;) (type 7) (param i32) (result i32)
    local.get 0
    call 14
    local.tee 0
    i32.eqz
    if  ;; label = @1
      i32.const 1
      return
    end
    i32.const 65472
    i32.const 0
    i32.store8
    i32.const 65476
    i32.const 0
    i32.store
    i32.const 1
    global.set 0
    i32.const 0
    global.set 1
    i32.const 0)
  (func (;14;) (type 7) (param i32) (result i32)
    (local i32 i32 i32 i32 i32)
    memory.size
    i32.const 1
    i32.sub
    i32.const 16
    i32.mul
    local.set 2
    block  ;; label = @1
      loop  ;; label = @2
        local.get 1
        local.get 2
        i32.ge_u
        br_if 1 (;@1;)
        local.get 1
        v128.load align=1
        v128.any_true
        if  ;; label = @3
          local.get 1
          local.set 3
          loop  ;; label = @4
            local.get 3
            i32.load8_u
            if  ;; label = @5
              local.get 3
              local.tee 4
              local.get 0
              i32.const 12
              i32.shr_u
              i32.add
              i32.const 1
              i32.add
              local.set 5
              local.get 5
              local.get 2
              local.get 5
              local.get 2
              i32.lt_u
              select
              local.set 5
              loop  ;; label = @6
                local.get 3
                i32.const 0
                i32.store8
                local.get 3
                i32.const 1
                i32.add
                local.tee 3
                local.get 5
                i32.lt_u
                if  ;; label = @7
                  local.get 3
                  i32.load8_u
                  br_if 1 (;@6;)
                end
              end
              local.get 4
              local.get 3
              local.get 4
              i32.sub
              local.tee 4
              call 15
              local.get 4
              i32.const 12
              i32.shl
              local.tee 4
              local.get 0
              i32.ge_u
              if  ;; label = @6
                i32.const 0
                return
              end
              local.get 0
              local.get 4
              i32.sub
              local.set 0
            end
            local.get 3
            i32.const 1
            i32.add
            local.tee 3
            local.get 1
            i32.const 16
            i32.add
            i32.lt_u
            br_if 0 (;@4;)
          end
        end
        local.get 1
        i32.const 16
        i32.add
        local.set 1
        br 0 (;@2;)
      end
    end
    local.get 0)
  (func (;15;) (type 4) (param i32 i32)
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
  (global (;1;) (mut i32) (i32.const 0))
  (export "rewind" (func 13))
  (data (;0;) "hello"))
;; unlikely in function 7: 88
;; unlikely in function 10: 135 225
;; unlikely in function 12: 64
