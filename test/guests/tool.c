/*
 * A small command-line tool, for `mayfly run`: what a program sees of its arguments, streams and files.
 *   echo ARG…   cat [FILE…]   list DIR   write FILE TEXT   exit N   trap
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *what) {
  perror(what);
  return 1;
}

static int copy(FILE *from) {
  char chunk[4096];
  for (size_t count; (count = fread(chunk, 1, sizeof chunk, from)) > 0;) fwrite(chunk, 1, count, stdout);
  return ferror(from) ? fail("read") : 0;
}

static int cat(int count, char **files) {
  if (count == 0) return copy(stdin);
  for (int at = 0; at < count; at++) {
    FILE *file = fopen(files[at], "rb");
    if (!file) return fail(files[at]);
    if (copy(file) != 0) return 1;
    fclose(file);
  }
  return 0;
}

static int list(const char *path) {
  DIR *directory = opendir(path);
  if (!directory) return fail(path);
  for (struct dirent *entry; (entry = readdir(directory));)
    printf("%s%s\n", entry->d_name, entry->d_type == DT_DIR ? "/" : entry->d_type == DT_LNK ? "@" : "");
  closedir(directory);
  return 0;
}

static int write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  if (!file || fputs(text, file) == EOF || fclose(file) != 0) return fail(path);
  return cat(1, (char *[]){(char *)path});
}

int main(int count, char **arguments) {
  const char *command = count > 1 ? arguments[1] : "";
  if (!strcmp(command, "echo")) {
    for (int at = 2; at < count; at++) printf("%s%s", arguments[at], at + 1 < count ? " " : "");
    printf("\n");
    return 0;
  }
  if (!strcmp(command, "cat")) return cat(count - 2, arguments + 2);
  if (!strcmp(command, "list") && count == 3) return list(arguments[2]);
  if (!strcmp(command, "write") && count == 4) return write_file(arguments[2], arguments[3]);
  if (!strcmp(command, "exit") && count == 3) exit(atoi(arguments[2]));
  if (!strcmp(command, "trap")) __builtin_trap();
  fprintf(stderr, "usage: tool echo ARG... | cat [FILE...] | list DIR | write FILE TEXT | exit N | trap\n");
  return 2;
}
