/*
 * Randomness from each place a program takes it: the host's call, libc's getentropy, a constructor (which runs before main),
 * and rand() after it was seeded from the first. Two requests must differ in all of them. ?bytes=N: as many, in binary.
 */
#include "cgi.h"
#include <unistd.h>
#include <wasi/api.h>

static uint64_t at_start;

__attribute__((constructor)) static void draw_at_start(void) {
  (void)__wasi_random_get((uint8_t *)&at_start, sizeof at_start);
}

static void print_hex(const char *name, const void *bytes, size_t count) {
  printf("%s=", name);
  for (size_t at = 0; at < count; at++) printf("%02x", ((const uint8_t *)bytes)[at]);
  printf("\n");
}

int main(void) {
  uint8_t from_host[16], from_libc[16];
  if (__wasi_random_get(from_host, sizeof from_host) != 0 || getentropy(from_libc, sizeof from_libc) != 0) return 1;

  uint64_t bytes = query_number("bytes", 0);
  if (bytes > 0) {
    printf("Content-Type: application/octet-stream\n\n");
    fflush(stdout);
    static uint8_t chunk[65536];
    for (uint64_t at = 0; at < bytes; at += sizeof chunk) {
      size_t count = bytes - at < sizeof chunk ? (size_t)(bytes - at) : sizeof chunk;
      if (__wasi_random_get(chunk, count) != 0) return 1;
      fwrite(chunk, 1, count, stdout);
    }
    return 0;
  }

  unsigned seed;
  memcpy(&seed, from_host, sizeof seed);
  srand(seed);
  int from_rand = rand();
  answer_text();
  print_hex("host", from_host, sizeof from_host);
  print_hex("libc", from_libc, sizeof from_libc);
  print_hex("start", &at_start, sizeof at_start);
  print_hex("rand", &from_rand, sizeof from_rand);
  return 0;
}
