(module
  (type (;0;) (func (param i32 i64)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 f64)))
  (type (;4;) (func (param i32 i32)))
  (type (;5;) (func (result i32)))
  (type (;6;) (func))
  (type (;7;) (func (param i32 i32) (result i32)))
  (type (;8;) (func (param i32 i32)))
  (type (;9;) (func (param i32) (result i32)))
  (import "mayfly" "preempt" (func (;0;) (type 5)))
  (import "mayfly" "yield" (func (;1;) (type 5)))
  (import "mayfly" "park" (func (;2;) (type 5)))
  (import "mayfly" "next" (func (;3;) (type 5)))
  (import "mayfly" "resumed" (func (;4;) (type 6)))
  (import "mayfly" "grow" (func (;5;) (type 7)))
  (import "mayfly" "memory 0" (memory (;0;) 4 65535))
  (import "mayfly" "flags" (memory (;1;) 1 1 shared))
  (import "mayfly" "image 0" (memory (;2;) 0 65535))
  (func (;6;) (type 0) (param i32 i64)
    local.get 0
    local.get 1
    i64.store offset=65536
    local.get 0
    i32.const 12
    i32.shr_u
    i32.const 1
    i32.store8
    local.get 0
    local.get 1
    i64.store offset=65784
    local.get 0
    local.get 1
    i64.store offset=66136
    local.get 0
    i32.const 512
    i32.add
    i32.const 12
    i32.shr_u
    i32.const 1
    i32.store8)
  (func (;7;) (type 1) (param i32)
    (local i32 i32)
    local.get 0
    i32.const 1
    i32.store offset=65536
    local.get 0
    i32.const 12
    i32.shr_u
    i32.const 1
    i32.store8
    local.get 0
    i32.const 200
    i32.add
    i32.const 2
    i32.store offset=65536
    local.get 0
    i32.const 200
    i32.sub
    i32.const 3
    i32.store offset=65536
    local.get 0
    i32.const 200
    i32.add
    i32.const 4
    local.set 2
    local.tee 1
    local.get 2
    i32.store offset=65736
    local.get 1
    i32.const 12
    i32.shr_u
    i32.const 1
    i32.store8)
  (func (;8;) (type 2)
    i32.const 16
    i32.const 1
    i32.store offset=65536
    i32.const 0
    i32.const 1
    i32.store8
    i32.const 4092
    i32.const 2
    i32.store offset=65536
    i32.const 4096
    i32.const 3
    i32.store offset=65536
    i32.const 1
    i32.const 1
    i32.store8)
  (func (;9;) (type 3) (param i32 f64)
    (local i32 f64 i32 i32)
    local.get 0
    i32.const 3
    i32.shl
    local.get 1
    local.set 3
    local.tee 2
    local.get 3
    f64.store offset=65836
    local.get 2
    i32.const 256
    i32.add
    i32.const 12
    i32.shr_u
    i32.const 1
    i32.store8
    local.get 0
    i32.const 2
    i32.shl
    i32.const 1
    i32.const 2
    local.set 5
    local.set 4
    local.tee 2
    local.get 4
    local.get 5
    i32.atomic.rmw.cmpxchg offset=65536
    local.get 2
    i32.const 12
    i32.shr_u
    i32.const 1
    i32.store8
    drop)
  (func (;10;) (type 1) (param i32)
    local.get 0
    i32.const 1
    i32.store offset=65536
    local.get 0
    i32.const 12
    i32.shr_u
    i32.const 1
    i32.store8
    local.get 0
    i32.const 4096
    i32.add
    local.tee 0
    i32.const 2
    i32.store offset=65536
    local.get 0
    i32.const 12
    i32.shr_u
    i32.const 1
    i32.store8
    local.get 0
    i32.const 3
    i32.store offset=65540)
  (func (;11;) (type 4) (param i32 i32)
    local.get 0
    i32.const 1
    i32.store offset=65536
    local.get 0
    i32.const 12
    i32.shr_u
    i32.const 1
    i32.store8
    local.get 1
    if  ;; label = @1
      local.get 0
      i32.const 2
      i32.store offset=65540
    else
      local.get 0
      i32.const 3
      i32.store offset=65836
      local.get 0
      i32.const 256
      i32.add
      i32.const 12
      i32.shr_u
      i32.const 1
      i32.store8
    end
    local.get 0
    i32.const 4
    i32.store offset=65840
    local.get 0
    i32.const 256
    i32.add
    i32.const 12
    i32.shr_u
    i32.const 1
    i32.store8
    loop  ;; label = @1
      local.get 0
      i32.const 5
      i32.store offset=65536
    end
    loop  ;; label = @1
      local.get 0
      i32.const 6
      i32.store offset=65536
      local.get 0
      i32.const 12
      i32.shr_u
      i32.const 1
      i32.store8
      local.get 0
      i32.const 4
      i32.add
      local.set 0
      local.get 0
      i32.const 255
      i32.and
      br_if 0 (;@1;)
    end
    local.get 0
    i32.const 7
    i32.store offset=65536)
  (func (;12;) (type 1) (param i32)
    i32.const 0
    local.get 0
    i32.store offset=67584
    i32.const 0
    i32.const 1
    i32.store8
    loop  ;; label = @1
      i32.const 0
      local.get 0
      i32.store offset=135536
    end)
  (func (;13;) (type 1) (param i32)
    (local i32 i32)
    local.get 0
    loop (param i32)  ;; label = @1
      i32.const 7
      local.set 2
      local.tee 1
      local.get 2
      i32.store8 offset=65536
      local.get 1
      i32.const 12
      i32.shr_u
      i32.const 1
      i32.store8
      i32.const 8
      local.get 0
      br_if 0 (;@1;)
      drop
    end)
  (func (;14;) (type 9) (param i32) (result i32)
    local.get 0
    call 15
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
    i32.const 3
    global.set 0
    i32.const 0)
  (func (;15;) (type 9) (param i32) (result i32)
    (local i32 i32 i32 i32 i32)
    i32.const 17
    i32.const 1
    i32.store8
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
              call 16
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
  (func (;16;) (type 8) (param i32 i32)
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
  (global (;0;) (mut i32) (i32.const 3))
  (export "rewind" (func 14)))
