/*
 * What goes to the log. By default two lines and a third without an end. ?bytes=N: that many, as lines of 64; ?long=N: one line of N
 * bytes; ?binary: bytes that are no text; ?trap: traps after it; ?loop: writes lines without end.
 */
#include "cgi.h"

int main(void) {
  uint64_t lines = query_number("bytes", 0) / 64;
  for (uint64_t line = 0; line < lines; line++) fprintf(stderr, "%010u %052u\n", (unsigned)line, 0u);
  static char line[65536];
  uint64_t rest = query_number("long", 0);
  memset(line, 'x', sizeof line);
  for (size_t count; (count = rest < sizeof line ? (size_t)rest : sizeof line) > 0; rest -= count) fwrite(line, 1, count, stderr);
  if (query_has("binary")) fwrite("\xff\x00\x1b[31m\r\n", 1, 8, stderr);
  while (query_has("loop")) fprintf(stderr, "again\n");
  if (*variable("QUERY_STRING") == '\0') fprintf(stderr, "first\nsecond\nno end");
  if (query_has("trap")) fprintf(stderr, "about to trap\n"), __builtin_trap();
  answer_text();
  printf("lines=%u\n", (unsigned)lines);
  return 0;
}
