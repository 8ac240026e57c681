/*
 * Waits by poll_oneoff, which must cost no CPU time and hold up nobody else.
 *   ?ms=N            for how long (100)             ?times=N     how often (1)
 *   ?clock=realtime  by that clock (monotonic)      ?absolute    until a time, not for a time
 *   ?stdin           or until stdin can be read     ?head        answers the head before
 *   ?never           waits for nothing at all: no subscription, which is an error
 */
#include "cgi.h"
#include <wasi/api.h>

static uint64_t now(__wasi_clockid_t clock) {
  __wasi_timestamp_t time = 0;
  (void)__wasi_clock_time_get(clock, 1, &time);
  return time;
}

int main(void) {
  uint64_t ns = query_number("ms", 100) * 1000000;
  uint64_t times = query_number("times", 1);
  __wasi_clockid_t clock = query_is("clock", "realtime") ? __WASI_CLOCKID_REALTIME : __WASI_CLOCKID_MONOTONIC;
  if (query_has("head")) answer_text(), fflush(stdout);

  uint64_t start = now(clock);
  uint32_t clock_events = 0, stdin_events = 0, last_errno = 0;
  uint64_t readable = 0;
  for (uint64_t round = 0; round < times; round++) {
    __wasi_subscription_t subscriptions[2] = {
        {.userdata = 1,
         .u = {.tag = __WASI_EVENTTYPE_CLOCK,
               .u.clock = {.id = clock,
                           .timeout = query_has("absolute") ? now(clock) + ns : ns,
                           .precision = 0,
                           .flags = query_has("absolute") ? __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME : 0}}},
        {.userdata = 2, .u = {.tag = __WASI_EVENTTYPE_FD_READ, .u.fd_read.file_descriptor = 0}},
    };
    __wasi_event_t events[2];
    __wasi_size_t count = 0;
    __wasi_size_t wanted = query_has("never") ? 0 : query_has("stdin") ? 2 : 1;
    last_errno = __wasi_poll_oneoff(subscriptions, events, wanted, &count);
    for (__wasi_size_t at = 0; at < count; at++) {
      if (events[at].userdata == 1) clock_events++;
      if (events[at].userdata == 2) stdin_events++, readable = events[at].fd_readwrite.nbytes;
    }
  }

  uint64_t waited_us = (now(clock) - start) / 1000;
  if (!query_has("head")) answer_text();
  printf("waited_us=%llu clock=%u stdin=%u readable=%llu errno=%u\n", (unsigned long long)waited_us, clock_events, stdin_events,
         (unsigned long long)readable, last_errno);
  return 0;
}
