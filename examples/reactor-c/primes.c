/*
 * A reactor: `_initialize` runs once, when the image is built, and `handle` runs per request on memory that is exactly as
 * `_initialize` left it. Here the start-up is a sieve over all numbers below two million; a request only looks things up.
 *
 * Two rules for a reactor. What is made in a constructor is the same for every request, so nothing of a request, no secret and
 * no random number belongs there. And stdout must be flushed by hand: `handle` returns, but the program does not exit.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIEVE_END 2000000u
/* The smallest prime factor of a composite number below SIEVE_END is below 1415. */
static uint16_t smallest_factor[SIEVE_END];
static uint32_t prime_count;

/* How often `handle` ran on this memory. It is rewound after every request, so a request always finds 0 here. */
static uint32_t requests_before;

__attribute__((constructor)) static void build_sieve(void) {
  for (uint32_t number = 2; number < SIEVE_END; number++) {
    if (smallest_factor[number] != 0) continue;
    prime_count++;
    if (number >= 1415) continue;
    for (uint32_t multiple = number * number; multiple < SIEVE_END; multiple += number)
      if (smallest_factor[multiple] == 0) smallest_factor[multiple] = (uint16_t)number;
  }
}

static void answer_bad_request(void) {
  printf("Status: 400 Bad Request\nContent-Type: text/plain\n\n");
  printf("Give a number from 2 to %u as the last part of the path\n", SIEVE_END - 1);
}

static void answer_factors(uint32_t number) {
  printf("Content-Type: text/plain\n\n%u =", number);
  uint32_t rest = number;
  while (smallest_factor[rest] != 0) {
    printf(" %u x", smallest_factor[rest]);
    rest /= smallest_factor[rest];
  }
  printf(" %u\n", rest);
  printf("There are %u primes below %u. Requests served before from this memory: %u\n", prime_count, SIEVE_END, requests_before);
}

__attribute__((export_name("handle"))) void handle(void) {
  const char *path = getenv("PATH_INFO");
  const char *text = path && path[0] == '/' ? path + 1 : "";
  char *end;
  unsigned long number = strtoul(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || number < 2 || number >= SIEVE_END) answer_bad_request();
  else answer_factors((uint32_t)number);
  requests_before++;
  fflush(stdout);
}
