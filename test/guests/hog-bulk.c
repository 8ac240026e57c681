/*
 * Guests that never end and spend their time in single instructions that touch much memory. ?fill and ?copy; ?mib=N is how much
 * one instruction touches (default 16). With ?once it is one instruction, and then an answer.
 */
#include "cgi.h"

#define BULK __attribute__((target("bulk-memory"), noinline))

BULK static void fill(void *to, uint32_t value, uint32_t bytes) {
  __asm__ volatile("local.get %0\n local.get %1\n local.get %2\n memory.fill 0" : : "r"(to), "r"(value), "r"(bytes) : "memory");
}

/* The two ranges overlap by all but a byte. */
BULK static void copy(void *to, const void *from, uint32_t bytes) {
  __asm__ volatile("local.get %0\n local.get %1\n local.get %2\n memory.copy 0, 0" : : "r"(to), "r"(from), "r"(bytes) : "memory");
}

int main(void) {
  uint32_t bytes = (uint32_t)query_number("mib", 16) << 20;
  uint32_t pages = __builtin_wasm_memory_grow(0, (bytes >> 16) + 1);
  if (pages == UINT32_MAX) return 1;
  uint8_t *area = (uint8_t *)((uintptr_t)pages << 16);

  for (uint32_t round = 1; query_has("fill") || query_has("copy"); round++) {
    if (query_has("fill")) fill(area, round, bytes);
    else copy(area + 1, area, bytes);
    if (query_has("once")) break;
  }
  answer_text();
  printf("first=%u last=%u\n", area[0], area[bytes - 1]);
  return 0;
}
