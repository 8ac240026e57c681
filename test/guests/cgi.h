/* What the C guests share: the request's variables, the switches in its query, and the head of an answer. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of an environment variable, or "". */
static inline const char *variable(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

/* Where the value of a switch begins in "a&b=1&c=x": after the '=', or at the end of a switch without one. NULL: not there. */
static inline const char *query_find(const char *name) {
  size_t length = strlen(name);
  for (const char *at = variable("QUERY_STRING"); at; at = strchr(at, '&')) {
    if (*at == '&') at++;
    if (strncmp(at, name, length) != 0) continue;
    if (at[length] == '=') return at + length + 1;
    if (at[length] == '&' || at[length] == '\0') return at + length;
  }
  return NULL;
}

static inline bool query_has(const char *name) {
  return query_find(name) != NULL;
}

/* A copy of a switch's value, as it stands (no percent-decoding), or `fallback`. */
static inline const char *query_text(const char *name, const char *fallback) {
  const char *value = query_find(name);
  return value ? strndup(value, strcspn(value, "&")) : fallback;
}

static inline bool query_is(const char *name, const char *word) {
  return strcmp(query_text(name, ""), word) == 0;
}

static inline uint64_t query_number(const char *name, uint64_t fallback) {
  const char *value = query_find(name);
  return value && *value >= '0' && *value <= '9' ? strtoull(value, NULL, 10) : fallback;
}

/* Begins an answer in plain text; what is printed next is its body. */
static inline void answer_text(void) {
  printf("Content-Type: text/plain\n\n");
}
