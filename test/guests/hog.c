/*
 * Guests that never end, one for each way a program can go round: whatever the engine checks, it must check there. Written as
 * instructions, since a compiler may turn one loop into another.
 */
#include "cgi.h"
#include <sched.h>
#include <wasi/api.h>

static volatile uint32_t sink;

static void loop_empty(void) {
  __asm__ volatile("loop\n br 0\n end_loop");
}

static void loop_br_if(void) {
  __asm__ volatile("loop\n i32.const 1\n br_if 0\n end_loop");
}

static void loop_br_table(uint32_t index) {
  __asm__ volatile("block\n loop\n local.get %0\n br_table {0, 0, 1}\n end_loop\n end_block" : : "r"(index));
}

/* The branch goes back from two blocks further in. */
static void loop_from_inside(void) {
  __asm__ volatile("loop\n block\n block\n br 2\n end_block\n end_block\n end_loop");
}

/* An inner loop of few rounds inside an endless one. */
static void loop_nested(void) {
  for (uint32_t round = 0;; round++)
    for (uint32_t step = 0; step < 3; step++) sink = round + step;
}

/* Two to the power of `depth` calls, none of them deep and no loop anywhere. */
__attribute__((noinline)) static void recurse(uint32_t depth) {
  if (depth == 0) return;
  recurse(depth - 1);
  recurse(depth - 1);
  sink = depth;
}

/* The same through a table. */
static void recurse_indirect(uint32_t depth);
static void (*volatile through_table)(uint32_t) = recurse_indirect;
static void recurse_indirect(uint32_t depth) {
  if (depth == 0) return;
  through_table(depth - 1);
  through_table(depth - 1);
  sink = depth;
}

/* Stores all over a mebibyte. */
static void loop_store(void) {
  static uint8_t area[1 << 20];
  for (uint32_t at = 0;; at = (at + 4097) & ((1 << 20) - 1)) *(volatile uint8_t *)&area[at] += 1;
}

static void loop_grow_by_nothing(void) {
  for (;;) sink = __builtin_wasm_memory_grow(0, 0);
}

static void loop_host_clock(void) {
  for (;;) {
    __wasi_timestamp_t now;
    (void)__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &now);
  }
}

static void loop_host_yield(void) {
  for (;;) sched_yield();
}

/* Host calls that hand over bytes, each ending in a guest's memory. */
static void loop_host_random(void) {
  static uint8_t bytes[65536];
  for (;;) (void)__wasi_random_get(bytes, sizeof bytes);
}

/* Ends after all: CPU work of a chosen size, and then an answer. */
static void spin(uint64_t rounds) {
  for (uint64_t round = 0; round < rounds; round++) sink += (uint32_t)round;
}

int main(void) {
  if (query_has("head")) {
    answer_text();
    printf("begun\n");
    fflush(stdout);
  }
  if (query_has("empty")) loop_empty();
  if (query_has("br_if")) loop_br_if();
  if (query_has("br_table")) loop_br_table(0);
  if (query_has("inside")) loop_from_inside();
  if (query_has("nested")) loop_nested();
  if (query_has("recursion")) recurse(100);
  if (query_has("indirect")) recurse_indirect(100);
  if (query_has("store")) loop_store();
  if (query_has("grow")) loop_grow_by_nothing();
  if (query_has("clock")) loop_host_clock();
  if (query_has("yield")) loop_host_yield();
  if (query_has("random")) loop_host_random();
  spin(query_number("spin", 0));
  if (!query_has("head")) answer_text();
  printf("done\n");
  return 0;
}
