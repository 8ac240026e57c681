/*
 * A reactor whose `_initialize` asks the host for what differs between requests: randomness, the time, the environment, stdin. An image
 * of it would freeze the answers, so a builder refuses it or makes sure that requests get their own. For each, what `_initialize`
 * got and what `handle` gets now.
 */
#include "cgi.h"
#include <wasi/api.h>

struct answers {
  uint64_t random;
  __wasi_timestamp_t time;
  __wasi_size_t variables;
  __wasi_size_t stdin_bytes;
  uint16_t random_errno, time_errno, variables_errno, stdin_errno;
};

static struct answers at_start;

static void ask(struct answers *answers) {
  static uint8_t byte;
  __wasi_size_t bytes;
  __wasi_iovec_t piece = {&byte, 1};
  answers->random_errno = __wasi_random_get((uint8_t *)&answers->random, sizeof answers->random);
  answers->time_errno = __wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 1, &answers->time);
  answers->variables_errno = __wasi_environ_sizes_get(&answers->variables, &bytes);
  answers->stdin_errno = __wasi_fd_read(0, &piece, 1, &answers->stdin_bytes);
}

static void print(const char *when, const struct answers *answers) {
  printf("%s random=%016llx/%u time=%llu/%u variables=%u/%u stdin=%u/%u\n", when, (unsigned long long)answers->random,
         answers->random_errno, (unsigned long long)answers->time, answers->time_errno, (unsigned)answers->variables,
         answers->variables_errno, (unsigned)answers->stdin_bytes, answers->stdin_errno);
}

__attribute__((constructor)) static void initialise(void) {
  ask(&at_start);
}

__attribute__((export_name("handle"))) void handle(void) {
  struct answers now = {0};
  ask(&now);
  answer_text();
  print("initialize", &at_start);
  print("handle", &now);
  fflush(stdout);
}
