/*
 * A reactor: what `_initialize` made is there for every request, and what a request made is there for none. Each answer must be
 * the same: `initialised=1 requests=1`, the table's sum, nothing left in the heap.
 *   ?then=trap, exit, loop: how the request ends, once it has changed everything
 */
#include "cgi.h"

static uint32_t initialised, requests;
static uint32_t *table;
static char *left;

__attribute__((constructor)) static void initialise(void) {
  initialised++;
  table = malloc(1000 * sizeof *table);
  for (uint32_t at = 0; at < 1000; at++) table[at] = at;
}

__attribute__((export_name("handle"))) void handle(void) {
  requests++;
  uint32_t sum = 0;
  for (uint32_t at = 0; at < 1000; at++) sum += table[at];
  const char *found = left ? left : "nothing";

  answer_text();
  printf("initialised=%u requests=%u sum=%u left=%s method=%s query=%s\n", initialised, requests, sum, found, variable("REQUEST_METHOD"),
         variable("QUERY_STRING"));
  fflush(stdout);

  left = strdup(variable("QUERY_STRING"));
  memset(table, 0xff, 1000 * sizeof *table);
  if (query_is("then", "trap")) __builtin_trap();
  if (query_is("then", "exit")) exit(1);
  if (query_is("then", "loop")) __asm__ volatile("loop\n br 0\n end_loop");
}
