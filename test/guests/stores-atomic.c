/* The storing instructions of the threads proposal, on memory that is not shared. See stores.h. */
#include "stores.h"

#define ATOMIC __attribute__((target("atomics"), noinline))

#define ATOMIC_STORE(instruction, type) \
  __asm__ volatile("local.get %0\n local.get %1\n " instruction " 0" \
                   : \
                   : "r"(next_page(8)), "r"((type)0xa5) \
                   : "memory")

#define ATOMIC_CHANGE(instruction, type) \
  __asm__ volatile("local.get %0\n local.get %1\n " instruction " 0\n drop" \
                   : \
                   : "r"(next_page(4088)), "r"((type)0xa5) \
                   : "memory")

#define ATOMIC_EXCHANGE_EXPECTED(instruction, type) \
  __asm__ volatile("local.get %0\n local.get %1\n local.get %2\n " instruction " 0\n drop" \
                   : \
                   : "r"(next_page(16)), "r"((type)0), "r"((type)0xa5) \
                   : "memory")

/* add, or, xor and xchg change a zero; sub does too; and leaves it, which a marker need not know. */
#define ATOMIC_CHANGES(width, type) \
  ATOMIC_CHANGE(width ".add", type); \
  ATOMIC_CHANGE(width ".sub", type); \
  ATOMIC_CHANGE(width ".and", type); \
  ATOMIC_CHANGE(width ".or", type); \
  ATOMIC_CHANGE(width ".xor", type); \
  ATOMIC_CHANGE(width ".xchg", type)

ATOMIC static void store(void) {
  ATOMIC_STORE("i32.atomic.store", uint32_t);
  ATOMIC_STORE("i32.atomic.store8", uint32_t);
  ATOMIC_STORE("i32.atomic.store16", uint32_t);
  ATOMIC_STORE("i64.atomic.store", uint64_t);
  ATOMIC_STORE("i64.atomic.store8", uint64_t);
  ATOMIC_STORE("i64.atomic.store16", uint64_t);
  ATOMIC_STORE("i64.atomic.store32", uint64_t);
}

ATOMIC static void change(void) {
  ATOMIC_CHANGES("i32.atomic.rmw", uint32_t);
  ATOMIC_CHANGES("i64.atomic.rmw", uint64_t);
  ATOMIC_CHANGE("i32.atomic.rmw8.add_u", uint32_t);
  ATOMIC_CHANGE("i32.atomic.rmw16.or_u", uint32_t);
  ATOMIC_CHANGE("i64.atomic.rmw8.sub_u", uint64_t);
  ATOMIC_CHANGE("i64.atomic.rmw16.xor_u", uint64_t);
  ATOMIC_CHANGE("i64.atomic.rmw32.xchg_u", uint64_t);
  ATOMIC_EXCHANGE_EXPECTED("i32.atomic.rmw.cmpxchg", uint32_t);
  ATOMIC_EXCHANGE_EXPECTED("i64.atomic.rmw.cmpxchg", uint64_t);
  ATOMIC_EXCHANGE_EXPECTED("i32.atomic.rmw8.cmpxchg_u", uint32_t);
  ATOMIC_EXCHANGE_EXPECTED("i64.atomic.rmw32.cmpxchg_u", uint64_t);
}

int main(void) {
  answer_text();
  look();
  store();
  change();
  return finish();
}
