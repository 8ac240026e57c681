/*
 * The plainest function: a C program that greets. It shows the whole contract of a command (CGI, RFC 3875): the request
 * is in the environment, the response goes to stdout as headers, an empty line and the body.
 */
#include <stdio.h>
#include <stdlib.h>

/* The value of an environment variable, or `fallback` when it is not set. */
static const char *variable(const char *name, const char *fallback) {
  const char *value = getenv(name);
  return value ? value : fallback;
}

int main(void) {
  printf("Content-Type: text/plain; charset=utf-8\n\n");
  printf("%s from C: you asked with %s for %s\n", variable("GREETING", "Hello"), variable("REQUEST_METHOD", "?"),
         variable("PATH_INFO", "?"));
  return 0;
}
