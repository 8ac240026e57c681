/* The storing instructions of SIMD. See stores.h. */
#include "stores.h"

typedef int32_t v128 __attribute__((vector_size(16)));

#define SIMD __attribute__((target("simd128"), noinline))

SIMD static void store_vectors(void) {
  STORE("v128.store", v128, ((v128){1, 2, 3, 4}), 0, 0);
  STORE("v128.store", v128, ((v128){1, 2, 3, 4}), 4080, 0);
  next_page(0);
  STORE("v128.store", v128, ((v128){0, 0, 0, 1 << 30}), -15, 0);
  STORE("v128.store", v128, ((v128){1, 2, 3, 4}), 64, 8192);
}

#define STORE_LANE(instruction, lane, skip) \
  __asm__ volatile("local.get %0\n local.get %1\n " instruction " 0:p2align=0, " #lane \
                   : \
                   : "r"(next_page(skip)), "r"((v128){-1, -1, -1, -1}) \
                   : "memory")

SIMD static void store_lanes(void) {
  STORE_LANE("v128.store8_lane", 15, 4095);
  STORE_LANE("v128.store16_lane", 7, 4094);
  STORE_LANE("v128.store32_lane", 3, 4092);
  STORE_LANE("v128.store64_lane", 1, 4088);
  next_page(0);
  STORE_LANE("v128.store16_lane", 0, -1);
  next_page(0);
  STORE_LANE("v128.store32_lane", 0, -3);
  next_page(0);
  STORE_LANE("v128.store64_lane", 0, -1);
}

int main(void) {
  answer_text();
  look();
  store_vectors();
  store_lanes();
  return finish();
}
