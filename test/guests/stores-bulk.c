/* memory.fill and memory.copy: a byte, several pages, nothing at all, and overlapping both ways. See stores.h. */
#include "stores.h"

#define BULK __attribute__((target("bulk-memory"), noinline))

BULK static void fill(uint8_t *to, uint32_t value, uint32_t bytes) {
  __asm__ volatile("local.get %0\n local.get %1\n local.get %2\n memory.fill 0" : : "r"(to), "r"(value), "r"(bytes) : "memory");
}

BULK static void copy(uint8_t *to, const uint8_t *from, uint32_t bytes) {
  __asm__ volatile("local.get %0\n local.get %1\n local.get %2\n memory.copy 0, 0" : : "r"(to), "r"(from), "r"(bytes) : "memory");
}

static uint8_t *next_pages(uint32_t count, uint32_t at) {
  uint8_t *first = next_page(at);
  while (--count > 0) next_page(0);
  return first;
}

int main(void) {
  answer_text();
  look();

  fill(next_pages(1, 5), 1, 1);
  fill(next_pages(1, 0), 1, PAGE);
  fill(next_pages(3, 4095), 1, PAGE + 2);
  fill(next_pages(40, 1), 1, 39 * PAGE);
  fill(next_pages(1, 0), 1, 0);

  copy(next_pages(1, 100), given, 8);
  copy(next_pages(3, 4090), given, PAGE + 20);
  uint8_t *up = next_pages(4, 0);
  fill(up, 7, 10);
  copy(up + 1, up, 3 * PAGE);
  uint8_t *down = next_pages(4, 0);
  fill(down + 3 * PAGE, 7, 10);
  copy(down, down + 10, 3 * PAGE);
  fill(given, 9, sizeof given);

  return finish();
}
