/* Quicksort of 20,000 numbers, with insertion sort for what is short: https://doi.org/10.1002/spe.4380231105 */
#define EXPECTED 0xd73f9231
#include "kernel.h"

enum { count = 20000, is_short = 12 };

static uint32_t numbers[count];

static void insertion_sort(uint32_t *first, uint32_t *last) {
  for (uint32_t *next = first + 1; next <= last; next++) {
    uint32_t value = *next;
    uint32_t *hole = next;
    for (; hole > first && hole[-1] > value; hole--) *hole = hole[-1];
    *hole = value;
  }
}

static uint32_t median(uint32_t a, uint32_t b, uint32_t c) {
  if (a < b) return b < c ? b : a < c ? c : a;
  return a < c ? a : b < c ? c : b;
}

static void quicksort(uint32_t *first, uint32_t *last) {
  while (last - first >= is_short) {
    uint32_t pivot = median(*first, first[(last - first) / 2], *last);
    uint32_t *low = first, *high = last;
    while (low <= high) {
      while (*low < pivot) low++;
      while (*high > pivot) high--;
      if (low > high) break;
      uint32_t swapped = *low;
      *low++ = *high;
      *high-- = swapped;
    }
    quicksort(first, high);
    first = low;
  }
  insertion_sort(first, last);
}

static uint32_t work(void) {
  uint32_t random = 2;
  for (int i = 0; i < count; i++) numbers[i] = next_random(&random);
  quicksort(numbers, numbers + count - 1);
  uint32_t sum = 0;
  for (int i = 0; i < count; i++) sum = sum * 31 + numbers[i];
  return sum;
}
