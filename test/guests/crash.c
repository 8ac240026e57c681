/*
 * One way to fail per request; the query says which. Without a query: a good answer, for comparison.
 *
 * Traps, before any output: ?unreachable ?divide ?overflow (of a float to an integer) ?oob (a load far outside) ?oob-edge (a store
 * over the end of memory) ?indirect (a call with the wrong signature) ?null-call ?stack (endless recursion) ?abort
 * Exits: ?exit=N before any output; ?done-exit=N after a whole answer; ?done-trap: trap after a whole answer
 * Half: ?half: headers and half of a body of known length, then a trap; ?half-exit=N: the same, then an exit;
 *   ?short: fewer bytes than Content-Length says, then an ordinary end; ?long: more bytes than that
 * Responses that are none: ?silent: no output; ?no-end: headers without the empty line; ?only-end: an empty line, no headers
 * Malformed heads: ?garbage: a line without a colon; ?space: a space in a name; ?control: a control character in a value;
 *   ?bad-status: a status that is no number; ?status=N: any number; ?no-name: a line that begins with a colon;
 *   ?bad-length: a Content-Length that is no number; ?two-lengths: two that differ; ?hop: Connection, Transfer-Encoding …
 *   ?folded: a continuation line; ?binary: bytes that are no text, in place of headers
 * Big heads: ?header-bytes=N: one header with a value of N bytes; ?headers=N: N headers
 * Good, and unusual: ?crlf: lines that end in CRLF; ?location=TEXT: a redirect by Location alone; ?no-body; ?cookies: two Set-Cookie;
 *   ?slow-head: the head in single bytes; ?empty-value; ?status-only: a Status and nothing else; ?utf8: a value of UTF-8
 */
#include "cgi.h"
#include <unistd.h>

static volatile uint32_t zero = 0;

__attribute__((noinline)) static uint32_t overflow_stack(uint32_t depth) {
  uint32_t below = depth < UINT32_MAX ? overflow_stack(depth + 1) : 0;
  __asm__ volatile("" : "+r"(below));
  return below + depth;
}

static void takes_nothing(void) {}
static void (*volatile function)(void) = takes_nothing;

static void fail_at_once(void) {
  if (query_has("unreachable")) __builtin_trap();
  if (query_has("divide")) __asm__ volatile("i32.const 1\n i32.const 0\n i32.div_u\n drop");
  if (query_has("overflow")) __asm__ volatile("f64.const 0x1p40\n i32.trunc_f64_s\n drop");
  if (query_has("oob")) zero = *(volatile uint32_t *)(uintptr_t)(0xfffffff0u + zero);
  if (query_has("oob-edge")) *(volatile uint64_t *)(((uintptr_t)__builtin_wasm_memory_size(0) << 16) - 4) = 1;
  if (query_has("indirect")) ((uint64_t(*)(uint64_t))(uintptr_t)function)(1);
  if (query_has("null-call")) ((void (*)(void))(uintptr_t)zero)();
  if (query_has("stack")) overflow_stack(0);
  if (query_has("abort")) abort();
  if (query_has("exit")) exit((int)query_number("exit", 3));
}

static void answer_and_end(void) {
  answer_text();
  printf("a whole answer\n");
  fflush(stdout);
  if (query_has("done-exit")) exit((int)query_number("done-exit", 3));
  if (query_has("done-trap")) __builtin_trap();
}

static void answer_half(void) {
  printf("Content-Type: text/plain\nContent-Length: 100\n\n");
  for (int line = 0; line < 5; line++) printf("123456789\n");
  fflush(stdout);
  if (query_has("half")) __builtin_trap();
  if (query_has("half-exit")) exit((int)query_number("half-exit", 3));
  if (!query_has("long")) return;
  for (int line = 0; line < 10; line++) printf("123456789\n");
}

static void answer_big_head(void) {
  printf("Content-Type: text/plain\n");
  for (uint64_t header = 0; header < query_number("headers", 0); header++) printf("X-Header-%u: %u\n", (unsigned)header, (unsigned)header);
  uint64_t bytes = query_number("header-bytes", 0);
  if (bytes > 0) {
    printf("X-Big: ");
    for (uint64_t at = 0; at < bytes; at++) putchar('x');
    printf("\n");
  }
  printf("\nbig\n");
}

/* The heads that are one text each. */
static const char *const heads[][2] = {
    {"silent", ""},
    {"no-end", "Content-Type: text/plain\nX-More: 1\n"},
    {"only-end", "\nbody\n"},
    {"garbage", "this is not a header\n\nbody\n"},
    {"space", "Content Type: text/plain\n\nbody\n"},
    {"control", "Content-Type: text/plain\nX-Value: a\x01" "b\n\nbody\n"},
    {"bad-status", "Status: fine\nContent-Type: text/plain\n\nbody\n"},
    {"no-name", "Content-Type: text/plain\n: value\n\nbody\n"},
    {"bad-length", "Content-Type: text/plain\nContent-Length: five\n\nbody\n"},
    {"two-lengths", "Content-Type: text/plain\nContent-Length: 5\nContent-Length: 6\n\nbody\n"},
    {"hop", "Content-Type: text/plain\nConnection: close\nTransfer-Encoding: chunked\nKeep-Alive: timeout=9\nUpgrade: h2c\n\nbody\n"},
    {"folded", "Content-Type: text/plain\nX-Value: a\n b\n\nbody\n"},
    {"binary", "\xff\xfe\x80\x81\n\n\xff\n"},
    {"crlf", "Status: 201 Made\r\nContent-Type: text/plain\r\nX-Value: a\r\n\r\nbody\r\n"},
    {"no-body", "Status: 204 No Content\n\n"},
    {"cookies", "Content-Type: text/plain\nSet-Cookie: a=1\nSet-Cookie: b=2\n\nbody\n"},
    {"empty-value", "Content-Type: text/plain\nX-Value:\n\nbody\n"},
    {"status-only", "Status: 202 Accepted\n\n"},
    {"utf8", "Content-Type: text/plain\nX-Value: gr\xc3\xbc\xc3\x9f\n\nbody\n"},
};

static void write_bytes_singly(const char *text) {
  for (; *text; text++) (void)write(STDOUT_FILENO, text, 1);
}

int main(void) {
  fail_at_once();
  for (size_t at = 0; at < sizeof heads / sizeof *heads; at++) {
    if (!query_has(heads[at][0])) continue;
    printf("%s", heads[at][1]);
    return 0;
  }
  if (query_has("half") || query_has("half-exit") || query_has("short") || query_has("long")) answer_half();
  else if (query_has("header-bytes") || query_has("headers")) answer_big_head();
  else if (query_has("status")) printf("Status: %s\nContent-Type: text/plain\n\nbody\n", query_text("status", ""));
  else if (query_has("location")) printf("Location: %s\n\n", query_text("location", "/"));
  else if (query_has("slow-head")) write_bytes_singly("Content-Type: text/plain\nX-Value: a\n\nbody\n");
  else answer_and_end();
  return 0;
}
