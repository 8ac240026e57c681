// A function: the request is in the environment and on stdin, the response goes to stdout as headers, an empty line and the body.
// This is CGI, RFC 3875. What goes to stderr is the function's log.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The value of an environment variable, or `fallback` when it is not set.
static const char *variable(const char *name, const char *fallback) {
  const char *value = getenv(name);
  return value ? value : fallback;
}

static void respond(const char *status, const char *type) {
  printf("Status: %s\nContent-Type: %s; charset=utf-8\n\n", status, type);
}

// Sends the body back as it came, piece by piece.
static void echo(void) {
  respond("200 OK", "text/plain");
  char piece[4096];
  for (size_t bytes; (bytes = fread(piece, 1, sizeof piece, stdin)) > 0;) fwrite(piece, 1, bytes, stdout);
}

static void greet(const char *name) {
  respond("200 OK", "text/plain");
  printf("%s, %s!\n", variable("GREETING", "Hello"), *name ? name : "world");
}

int main(void) {
  const char *method = variable("REQUEST_METHOD", "GET");
  const char *path = variable("PATH_INFO", "/");
  fprintf(stderr, "%s %s\n", method, path);
  if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) {
    greet(path[0] == '/' ? path + 1 : path);
  } else if (strcmp(method, "POST") == 0) {
    echo();
  } else {
    printf("Allow: GET, HEAD, POST\n");
    respond("405 Method Not Allowed", "text/plain");
    printf("%s is not for this function\n", method);
  }
  return 0;
}
