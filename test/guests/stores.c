/* The storing instructions of WebAssembly 1.0, on pages, across pages, behind big offsets and in grown memory. See stores.h. */
#include "stores.h"
#include <unistd.h>
#include <wasi/api.h>

static void store_plain(void) {
  STORE("i32.store", uint32_t, 0x01020304, 0, 0);
  STORE("i32.store8", uint32_t, 0xa5, 4095, 0);
  STORE("i32.store16", uint32_t, 0x0102, 1, 0);
  STORE("i64.store", uint64_t, 0x0102030405060708, 8, 0);
  STORE("i64.store8", uint64_t, 0xa5, 17, 0);
  STORE("i64.store16", uint64_t, 0x0102, 4094, 0);
  STORE("i64.store32", uint64_t, 0x01020304, 2048, 0);
  STORE("f32.store", float, 1.5f, 100, 0);
  STORE("f64.store", double, 1.5, 4088, 0);
}

/* One store that touches two pages: only its second part is on the page of its own. */
static void store_across(void) {
  next_page(0);
  STORE("i32.store", uint32_t, 0xa5000000, -3, 0);
  next_page(0);
  STORE("i32.store16", uint32_t, 0xa500, -1, 0);
  next_page(0);
  STORE("i64.store", uint64_t, 0xa500000000000000, -7, 0);
  next_page(0);
  STORE("i64.store16", uint64_t, 0xa500, -1, 0);
  next_page(0);
  STORE("i64.store32", uint64_t, 0xa5000000, -1, 0);
  next_page(0);
  STORE("f32.store", float, 1.5f, -2, 0);
  next_page(0);
  STORE("f64.store", double, 1.5, -6, 0);
}

/* The page written to is not the page of the base address. */
static void store_far(void) {
  STORE("i32.store", uint32_t, 1, 0, 4096);
  STORE("i32.store8", uint32_t, 1, 255, 255);
  STORE("i32.store8", uint32_t, 1, 256, 256);
  STORE("i64.store", uint64_t, 1, 5, 65535);
  STORE("f64.store", double, 1.5, 4090, 20000);
}

/* Stores over one base that a marker may merge into one: within a page, and over its end. */
static void store_series(void) {
  uint8_t *base = next_page(PAGE - 256);
  next_page(0);
  __asm__ volatile("local.get %0\n i32.const 1\n i32.store8 0\n"
                   "local.get %0\n i32.const 2\n i32.store8 255\n"
                   "local.get %0\n i32.const 3\n i32.store8 256\n"
                   "local.get %0\n i64.const 4\n i64.store 252:p2align=0\n"
                   "local.get %0\n i32.const 5\n i32.store8 511\n"
                   : : "r"(base) : "memory");
}

/* The base changes between two stores of the same form, and within a loop. */
static void store_moving(void) {
  uint8_t *base = next_page(0);
  next_page(0), next_page(0);
  __asm__ volatile("local.get %0\n i32.const 1\n i32.store8 0\n"
                   "local.get %0\n i32.const 4096\n i32.add\n local.tee %0\n i32.const 2\n i32.store8 0\n"
                   "local.get %0\n i32.const 4096\n i32.add\n local.set %0\n"
                   "local.get %0\n i32.const 3\n i32.store8 0\n"
                   : "+r"(base) : : "memory");
  for (uint32_t at = 0; at < 4; at++) *(volatile uint8_t *)next_page(at) = 1;
}

/* One branch stores and the other does not: neither's mark stands for the other. */
static void store_branching(void) {
  uint8_t *page = next_page(0);
  uint32_t taken = 0;
  __asm__ volatile("" : "+r"(taken));
  __asm__ volatile("block\n local.get %1\n i32.eqz\n br_if 0\n local.get %0\n i32.const 1\n i32.store8 0\n end_block\n"
                   "local.get %0\n i32.const 1\n i32.store8 1\n"
                   : : "r"(page), "r"(taken) : "memory");
}

/* What the host writes: to a page, across pages, and in several pieces. */
static void store_by_host(void) {
  (void)__wasi_random_get(next_page(8), 64);
  next_page(0), next_page(0);
  (void)__wasi_random_get(next_page(0) - 2 * PAGE - 1, 2 * PAGE + 2);
  (void)__wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 1, (__wasi_timestamp_t *)(void *)next_page(0));
  uint8_t *second = next_page(0);
  next_page(0);
  __wasi_iovec_t pieces[2] = {{second, 3}, {second + PAGE - 1, 4}};
  __wasi_size_t bytes;
  (void)__wasi_fd_read(STDIN_FILENO, pieces, 2, &bytes);
  uint8_t *sizes = next_page(0);
  (void)__wasi_environ_sizes_get((__wasi_size_t *)(void *)sizes, (__wasi_size_t *)(void *)next_page(0));
  uint8_t *pointers = next_page(0);
  uint8_t *bytes_of_environ = next_page(100);
  for (uint32_t spare = 0; spare < 4; spare++) next_page(0);
  (void)__wasi_environ_get((uint8_t **)(void *)pointers, bytes_of_environ);
}

/* Memory that was grown is zero, also when a request before had grown it and written there. */
static void store_in_grown(void) {
  uint32_t pages = __builtin_wasm_memory_grow(0, 3);
  if (pages == UINT32_MAX) return;
  uint8_t *grown = (uint8_t *)((uintptr_t)pages << 16);
  for (uint32_t at = 0; at < 3 << 16; at++) {
    if (grown[at] == 0) continue;
    printf("pristine=no grown=%u\n", at);
    break;
  }
  memset(grown, 0xa5, 3 << 16);
}

int main(void) {
  answer_text();
  look();
  given[0] = given[4095] = given[4096] = 0xa5;
  store_plain();
  store_across();
  store_far();
  store_series();
  store_moving();
  store_branching();
  store_by_host();
  store_in_grown();
  return finish();
}
