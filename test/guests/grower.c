/*
 * Grows memory until that is refused, and tells how far it came. ?step=N pages at a time (16), ?max=N pages at most, ?touch writes
 * to every page, ?malloc uses the allocator, a mebibyte at a time. ?then=abort, exit or trap: what it does once it was refused.
 */
#include "cgi.h"

static uint32_t grow(uint32_t step, uint32_t max) {
  uint32_t grown = 0;
  while (grown + step <= max) {
    uint32_t pages = __builtin_wasm_memory_grow(0, step);
    if (pages == UINT32_MAX) break;
    for (uint32_t page = 0; page < step && query_has("touch"); page++) *(volatile uint8_t *)((uintptr_t)(pages + page) << 16) = 1;
    grown += step;
  }
  return grown;
}

static uint32_t allocate(uint32_t max) {
  uint32_t mebibytes = 0;
  for (uint8_t *block; mebibytes * 16 < max && (block = malloc(1 << 20)); mebibytes++)
    if (query_has("touch")) memset(block, 1, 1 << 20);
    else *(volatile uint8_t *)block = 1;
  return mebibytes * 16;
}

int main(void) {
  uint32_t before = __builtin_wasm_memory_size(0);
  uint32_t max = (uint32_t)query_number("max", 65536);
  uint32_t grown = query_has("malloc") ? allocate(max) : grow((uint32_t)query_number("step", 16), max);

  if (query_is("then", "abort")) abort();
  if (query_is("then", "exit")) exit(1);
  if (query_is("then", "trap")) __builtin_trap();
  answer_text();
  printf("before=%u grown=%u after=%u\n", before, grown, (uint32_t)__builtin_wasm_memory_size(0));
  return 0;
}
