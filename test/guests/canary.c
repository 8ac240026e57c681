/*
 * Leaves a secret everywhere a program can leave something, and looks for what an earlier request left. A request with ?find must
 * never find anything, whatever the requests before it did and however they ended.
 *
 *   ?find          counts marks in all of memory, byte by byte, and tells whether the globals are as new
 *   ?find=HEX      also counts the bytes that HEX stands for (given in hex, so that this request does not bring them itself)
 *   ?put=SECRET    then leaves SECRET: in data, bss, heap (live and freed), stack, grown memory, both ends of memory, across
 *                  pages, in a mark on every 4 KiB of a mebibyte, and in wasm globals. A body is read into memory as well
 *   &then=         return (default), trap, exit, abort, loop, stack (overflow), grow (until refused, then trap), half (of a body,
 *                  then trap): how the request ends
 *
 * A mark is eight bytes that stand nowhere in the program's memory before (they are computed), and the secret behind them.
 */
#include "cgi.h"

#define SECRET_BYTES 56
struct mark {
  uint64_t magic;
  char secret[SECRET_BYTES];
};

static struct mark in_data = {1, "not zero, so that it is in a data segment"};
static struct mark in_bss[4];
static uint8_t sweep[1 << 20];
static struct mark *volatile in_heap;
static uint8_t body[1 << 16];

/* Wasm globals, which C has no word for. They begin as 0. */
__asm__(".globaltype canary_i32, i32\ncanary_i32:\n"
        ".globaltype canary_i64, i64\ncanary_i64:\n"
        ".globaltype canary_f64, f64\ncanary_f64:\n");

static bool globals_are_new(void) {
  uint32_t integer;
  uint64_t long_integer;
  double number;
  __asm__ volatile("global.get canary_i32\n local.set %0" : "=r"(integer));
  __asm__ volatile("global.get canary_i64\n local.set %0" : "=r"(long_integer));
  __asm__ volatile("global.get canary_f64\n local.set %0" : "=r"(number));
  return integer == 0 && long_integer == 0 && number == 0;
}

static void mark_globals(uint64_t value) {
  __asm__ volatile("local.get %0\n global.set canary_i32" : : "r"((uint32_t)value));
  __asm__ volatile("local.get %0\n global.set canary_i64" : : "r"(value));
  __asm__ volatile("local.get %0\n global.set canary_f64" : : "r"((double)value));
}

/* Made of two halves, the second hidden from the compiler: the sum stands in a local, never in memory that nobody marked. */
static uint64_t magic(void) {
  uint64_t half = 0x5bd1e995a7c3f10du;
  __asm__ volatile("" : "+r"(half));
  return half + 0x61c8864680b583ebu;
}

static void put_mark(void *to, const char *secret) {
  uint64_t value = magic();
  memcpy(to, &value, sizeof value);
  size_t length = strnlen(secret, SECRET_BYTES);
  memcpy((uint8_t *)to + sizeof value, secret, length);
  memset((uint8_t *)to + sizeof value + length, 0, SECRET_BYTES - length);
}

/* Frames full of marks, left below the stack pointer on return. */
__attribute__((noinline)) static uint32_t put_on_stack(const char *secret, uint32_t depth) {
  struct mark frame[4];
  for (uint32_t at = 0; at < 4; at++) put_mark(&frame[at], secret);
  __asm__ volatile("" : : "r"(frame) : "memory");
  uint32_t marks = depth > 0 ? put_on_stack(secret, depth - 1) : 0;
  __asm__ volatile("" : : "r"(frame) : "memory");
  return marks + 4;
}

static uint8_t *address(size_t at) {
  __asm__ volatile("" : "+r"(at));
  return (uint8_t *)at;
}

static size_t memory_bytes(void) {
  return (size_t)__builtin_wasm_memory_size(0) << 16;
}

/* @returns how many marks it left */
static uint32_t put(const char *secret) {
  uint32_t marks = 0;
  put_mark(&in_data, secret), marks++;
  for (uint32_t at = 0; at < 4; at++) put_mark(&in_bss[at], secret), marks++;
  for (uint32_t at = 0; at < sizeof sweep; at += 4096) put_mark(&sweep[at + (at >> 12) % 4000], secret), marks++;

  /* Across each of the next eight 4 KiB borders, cut at another place. */
  uint8_t *border = (uint8_t *)(((uintptr_t)sweep + 65536) & ~(uintptr_t)4095);
  for (uint32_t at = 1; at < 8; at++) put_mark(border + (at << 12) - at, secret), marks++;

  in_heap = malloc(sizeof *in_heap), put_mark(in_heap, secret), marks++;
  for (size_t bytes = 64; bytes <= 1 << 16; bytes *= 4) {
    uint8_t *block = malloc(bytes);
    put_mark(block + bytes - sizeof(struct mark), secret), marks++;
    free(block);
  }

  marks += put_on_stack(secret, 16);
  put_mark(address(8), secret), marks++;
  uint32_t pages = __builtin_wasm_memory_grow(0, 3);
  if (pages != UINT32_MAX)
    for (size_t at = (size_t)pages << 16; at < (size_t)(pages + 3) << 16; at += 8192) put_mark(address(at), secret), marks++;
  put_mark(address(memory_bytes() - sizeof(struct mark)), secret), marks++;
  mark_globals(magic());
  return marks;
}

/* Marks anywhere in memory, at any alignment. */
static uint32_t count_marks(void) {
  uint64_t wanted = magic();
  uint32_t marks = 0;
  const uint8_t *end = address(memory_bytes() - sizeof wanted);
  for (const uint8_t *at = address(0); at <= end; at++) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    if (value == wanted) marks++;
  }
  return marks;
}

static uint8_t hex_digit(char digit) {
  return (uint8_t)(digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10);
}

/* How often the bytes that `hex` stands for are in memory. They are kept inverted here, so as not to be found themselves. */
static uint32_t count_plain(const char *hex) {
  static uint8_t inverted[256];
  uint32_t length = 0;
  for (; length < sizeof inverted && hex[0] && hex[1]; hex += 2)
    inverted[length++] = (uint8_t)~(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
  if (length == 0) return 0;

  uint32_t found = 0;
  const uint8_t *end = address(memory_bytes() - length);
  for (const uint8_t *at = address(0); at <= end; at++) {
    uint32_t same = 0;
    while (same < length && (uint8_t)~at[same] == inverted[same]) same++;
    if (same == length) found++;
  }
  return found;
}

__attribute__((noinline)) static uint32_t overflow_stack(uint32_t depth) {
  uint32_t below = depth < UINT32_MAX ? overflow_stack(depth + 1) : 0;
  __asm__ volatile("" : "+r"(below));
  return below + depth;
}

static void end_badly(const char *how) {
  if (!strcmp(how, "trap")) __builtin_trap();
  if (!strcmp(how, "exit")) exit(3);
  if (!strcmp(how, "abort")) abort();
  if (!strcmp(how, "loop")) __asm__ volatile("loop\n br 0\n end_loop");
  if (!strcmp(how, "stack")) overflow_stack(0);
  if (!strcmp(how, "grow")) {
    for (uint32_t pages; (pages = __builtin_wasm_memory_grow(0, 16)) != UINT32_MAX;) put_mark(address((size_t)pages << 16), "grown");
    __builtin_trap();
  }
  if (!strcmp(how, "half")) {
    printf("Content-Type: text/plain\nContent-Length: 1000\n\nhalf");
    fflush(stdout);
    __builtin_trap();
  }
}

int main(void) {
  uint32_t marks = 0, plain = 0, put_count = 0;
  bool new_globals = globals_are_new();
  if (query_has("find")) marks = count_marks(), plain = count_plain(query_text("find", ""));
  size_t body_bytes = fread(body, 1, sizeof body, stdin);
  if (query_has("put")) put_count = put(query_text("put", ""));
  end_badly(query_text("then", "return"));
  answer_text();
  printf("marks=%u plain=%u globals=%s put=%u body=%zu memory=%zu\n", marks, plain, new_globals ? "new" : "used", put_count, body_bytes,
         memory_bytes());
  return 0;
}
