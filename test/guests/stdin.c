/*
 * What becomes of a body. By default all of it is read, and the answer is its length and its sha256.
 *   ?ignore      answers without reading          ?half=N    reads N bytes and answers
 *   ?close       closes stdin, then answers       ?early     answers the head first, then reads, then the rest
 *   ?chunk=N     reads N bytes at a time (16384)  ?echo      sends back each chunk as it comes
 *   ?sleep=MS    waits that long before each read
 */
#include "cgi.h"
#include "sha256.h"
#include <time.h>
#include <unistd.h>

static uint8_t chunk[1 << 16];

static void wait_ms(uint64_t ms) {
  struct timespec time = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000 * 1000000)};
  if (ms > 0) nanosleep(&time, NULL);
}

static void print_digest(struct sha256 *state) {
  uint8_t digest[32];
  sha256_end(state, digest);
  for (int at = 0; at < 32; at++) printf("%02x", digest[at]);
}

int main(void) {
  uint64_t wanted = query_has("ignore") ? 0 : query_number("half", UINT64_MAX);
  uint64_t chunk_bytes = query_number("chunk", 16384);
  if (chunk_bytes > sizeof chunk) chunk_bytes = sizeof chunk;
  bool early = query_has("early") || query_has("echo");

  if (early) answer_text(), fflush(stdout);
  if (query_has("close")) close(STDIN_FILENO);

  struct sha256 state;
  sha256_start(&state);
  uint64_t total = 0;
  uint32_t reads = 0;
  while (total < wanted) {
    wait_ms(query_number("sleep", 0));
    uint64_t rest = wanted - total;
    ssize_t bytes = read(STDIN_FILENO, chunk, rest < chunk_bytes ? (size_t)rest : (size_t)chunk_bytes);
    if (bytes <= 0) {
      if (bytes < 0) fprintf(stderr, "read failed\n");
      break;
    }
    reads++;
    total += (uint64_t)bytes;
    sha256_add(&state, chunk, (size_t)bytes);
    if (query_has("echo")) fwrite(chunk, 1, (size_t)bytes, stdout), fflush(stdout);
  }
  if (query_has("echo")) return 0;

  if (!early) answer_text();
  printf("length=%llu sha256=", (unsigned long long)total);
  print_digest(&state);
  printf(" declared=%s\n", variable("CONTENT_LENGTH"));
  fprintf(stderr, "%u reads\n", reads);
  return 0;
}
