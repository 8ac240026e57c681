/*
 * A big answer: ?bytes=N (1 MiB), in writes of ?chunk=N bytes (16384), with ?sleep=MS between them; ?length says Content-Length first.
 * The byte at offset i is 'a' + i % 26, so that a reader can tell a lost piece. ?stderr=N writes N bytes to stderr too, in lines.
 */
#include "cgi.h"
#include <time.h>
#include <unistd.h>

static char pattern[26 * 4096];

/* A write may take less than it was given. @returns false when nobody reads any more */
static bool write_all(int descriptor, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(descriptor, bytes, count);
    if (written <= 0) return false;
    bytes += written;
    count -= (size_t)written;
  }
  return true;
}

int main(void) {
  uint64_t bytes = query_number("bytes", 1 << 20);
  uint64_t chunk = query_number("chunk", 16384);
  uint64_t sleep_ms = query_number("sleep", 0);
  if (chunk == 0 || chunk > sizeof pattern - 26) chunk = sizeof pattern - 26;
  for (size_t at = 0; at < sizeof pattern; at++) pattern[at] = (char)('a' + at % 26);

  for (uint64_t line = 0; line < query_number("stderr", 0) / 64; line++)
    if (!write_all(STDERR_FILENO, "stderr 89012345678901234567890123456789012345678901234567890123\n", 64)) break;

  printf("Content-Type: text/plain\n");
  if (query_has("length")) printf("Content-Length: %llu\n", (unsigned long long)bytes);
  printf("\n");
  fflush(stdout);
  for (uint64_t at = 0; at < bytes; at += chunk) {
    uint64_t count = bytes - at < chunk ? bytes - at : chunk;
    if (!write_all(STDOUT_FILENO, &pattern[at % 26], (size_t)count)) return 1;
    struct timespec time = {.tv_sec = (time_t)(sleep_ms / 1000), .tv_nsec = (long)(sleep_ms % 1000 * 1000000)};
    if (sleep_ms > 0) nanosleep(&time, NULL);
  }
  return 0;
}
