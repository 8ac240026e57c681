/* A kernel is one function, `work`, that gives the same number each time: as a guest it is what `handle` runs, natively a program
 * that runs it as often as a line of its input says and answers with the nanoseconds that took. */
#include <stdint.h>

static uint32_t work(void);

/* Input that is the same everywhere: xorshift, https://www.jstatsoft.org/article/view/v008i14 */
static inline uint32_t next_random(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

/* Wrong results must not look like fast ones. */
static void work_and_verify(void) {
  if (work() != EXPECTED) __builtin_trap();
}

#ifdef __wasm__
__attribute__((export_name("handle"))) void handle(void) {
  work_and_verify();
}
#else
#include <stdio.h>
#include <time.h>
int main(void) {
  long runs;
  while (scanf("%ld", &runs) == 1) {
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 0; i < runs; i++) work_and_verify();
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%lld\n", (end.tv_sec - start.tv_sec) * 1000000000ll + (end.tv_nsec - start.tv_nsec));
    fflush(stdout);
  }
  return 0;
}
#endif
