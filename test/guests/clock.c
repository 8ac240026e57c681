/*
 * The clocks: for each its resolution, its time, and the smallest step seen while reading it ?reads=N times (2000): a clock that is
 * coarse on purpose shows a big one. Times are in nanoseconds; a clock that is not there has its errno instead.
 */
#include "cgi.h"
#include <time.h>
#include <wasi/api.h>

static void print_clock(const char *name, __wasi_clockid_t clock, uint64_t reads) {
  __wasi_timestamp_t resolution = 0, time = 0;
  __wasi_errno_t error = __wasi_clock_res_get(clock, &resolution);
  if (error == 0) error = __wasi_clock_time_get(clock, 1, &time);
  if (error != 0) {
    printf("%s errno=%u\n", name, error);
    return;
  }

  uint64_t first = time, step = UINT64_MAX;
  bool backwards = false;
  for (uint64_t read = 0; read < reads; read++) {
    __wasi_timestamp_t next = 0;
    (void)__wasi_clock_time_get(clock, 1, &next);
    if (next < time) backwards = true;
    if (next > time && next - time < step) step = next - time;
    time = next;
  }
  printf("%s resolution=%llu time=%llu step=%llu backwards=%s\n", name, (unsigned long long)resolution, (unsigned long long)first,
         step == UINT64_MAX ? 0 : (unsigned long long)step, backwards ? "yes" : "no");
}

int main(void) {
  uint64_t reads = query_number("reads", 2000);
  answer_text();
  print_clock("realtime", __WASI_CLOCKID_REALTIME, reads);
  print_clock("monotonic", __WASI_CLOCKID_MONOTONIC, reads);
  print_clock("process", __WASI_CLOCKID_PROCESS_CPUTIME_ID, reads);
  print_clock("thread", __WASI_CLOCKID_THREAD_CPUTIME_ID, reads);
  print_clock("unknown", (__wasi_clockid_t)99, reads);
  printf("libc time=%lld\n", (long long)time(NULL));
  return 0;
}
