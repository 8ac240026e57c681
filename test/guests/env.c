/* All that a request tells a program: its environment, one variable a line in the order given, then its arguments and preopens. */
#include "cgi.h"
#include <wasi/api.h>

extern char **environ;

int main(int count, char **arguments) {
  answer_text();
  for (char **pair = environ; pair && *pair; pair++) printf("%s\n", *pair);
  for (int at = 0; at < count; at++) printf("[argument %d] %s\n", at, arguments[at]);
  for (__wasi_fd_t descriptor = 3;; descriptor++) {
    __wasi_prestat_t preopen;
    if (__wasi_fd_prestat_get(descriptor, &preopen) != 0) break;
    char name[256] = "";
    if (preopen.u.dir.pr_name_len < sizeof name) (void)__wasi_fd_prestat_dir_name(descriptor, (uint8_t *)name, preopen.u.dir.pr_name_len);
    printf("[preopen %u] %s\n", descriptor, name);
  }
  return 0;
}
