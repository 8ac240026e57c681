/*
 * What the guests stores*.c share. Each runs every storing instruction of one kind, on a page of 4 KiB of its own, and before that
 * looks whether all of these pages are as they were when the program was built: an instruction that the engine does not watch shows
 * up in the next request as the page it wrote to. `pristine=yes`, or the first byte that differs, as page and offset in it.
 *
 * ?then=trap, exit or loop: how a request ends, once it has stored.
 */
#pragma once
#include "cgi.h"

#define PAGE 4096u
#define PAGES 128u

/* Zero at first, and a page whose bytes are given. Both begin on a page border. */
static uint8_t zeros[PAGES * PAGE] __attribute__((aligned(4096)));
static uint8_t given[2 * PAGE] __attribute__((aligned(4096))) = {[0] = 1, [7] = 2, [4095] = 3, [4096] = 4, [8191] = 5};

/* The next page to store to: every instruction has one of its own, and the stores begin at `at` in it. */
static uint32_t pages_used;
static uint8_t *next_page(uint32_t at) {
  if (pages_used == PAGES) abort();
  uint8_t *page = &zeros[pages_used++ * PAGE + at];
  __asm__ volatile("" : "+r"(page));
  return page;
}

/* A store of `value` with the constant offset `offset`, `skip` bytes into the next page. */
#define STORE(instruction, type, value, skip, offset) \
  do { \
    type stored = value; \
    __asm__ volatile("local.get %0\n local.get %1\n " instruction " " #offset ":p2align=0" \
                     : \
                     : "r"(next_page(skip) - offset), "r"(stored) \
                     : "memory"); \
  } while (0)

/* Prints the first difference; @returns whether there is none. */
static bool look(void) {
  for (uint32_t at = 0; at < sizeof zeros; at++) {
    if (zeros[at] == 0) continue;
    printf("pristine=no page=%u at=%u\n", at / PAGE, at % PAGE);
    return false;
  }
  for (uint32_t at = 0; at < sizeof given; at++) {
    uint8_t wanted = at == 0 ? 1 : at == 7 ? 2 : at == 4095 ? 3 : at == 4096 ? 4 : at == 8191 ? 5 : 0;
    if (given[at] == wanted) continue;
    printf("pristine=no given=%u\n", at);
    return false;
  }
  printf("pristine=yes\n");
  return true;
}

static int finish(void) {
  if (query_is("then", "trap")) __builtin_trap();
  if (query_is("then", "exit")) exit(1);
  if (query_is("then", "loop")) __asm__ volatile("loop\n br 0\n end_loop");
  printf("pages=%u\n", pages_used);
  return 0;
}
