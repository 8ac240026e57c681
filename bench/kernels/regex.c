/* A backtracking matcher for `.`, `[a-z]`, `[^a-z]`, `*`, `+`, `?`, `|`, groups, `^` and `$`, searching 20 KB of text:
 * patterns are compiled to a program, https://swtch.com/~rsc/regexp/regexp2.html */
#define EXPECTED 0xd832529b
#include "kernel.h"
#include <string.h>

enum { text_bytes = 20000, program_max = 256 };

enum opcode { any_of, any, split, jump, line_start, line_end, save, match };

struct instruction {
  enum opcode opcode;
  int x, y;         /* where to go; the slot to save in */
  uint32_t set[8];  /* of bytes */
};

static char text[text_bytes + 1];
static struct instruction program[program_max];
static int length;
static const char *pattern;
static const char *saved[20];
static int groups;

static int emit(enum opcode opcode, int x, int y) {
  program[length] = (struct instruction){opcode, x, y, {0}};
  return length++;
}

/* Makes room for an instruction at `at`. Whatever refers to places behind it follows. */
static void insert(int at, enum opcode opcode, int x, int y) {
  memmove(program + at + 1, program + at, (length - at) * sizeof *program);
  length++;
  for (int i = at + 1; i < length; i++) {
    struct instruction *each = program + i;
    if (each->opcode != split && each->opcode != jump) continue;
    if (each->x >= at) each->x++;
    if (each->opcode == split && each->y >= at) each->y++;
  }
  program[at] = (struct instruction){opcode, x, y, {0}};
}

static void add(uint32_t set[8], int first, int last) {
  for (int c = first; c <= last; c++) set[c >> 5] |= 1u << (c & 31);
}

static void compile_alternatives(void);

static void compile_set(void) {
  int at = emit(any_of, 0, 0);
  uint32_t *set = program[at].set;
  int negated = *pattern == '^';
  if (negated) pattern++;
  while (*pattern != ']') {
    int first = (uint8_t)*pattern++, last = first;
    if (*pattern == '-' && pattern[1] != ']') last = (uint8_t)pattern[1], pattern += 2;
    add(set, first, last);
  }
  pattern++;
  if (negated) for (int i = 0; i < 8; i++) set[i] = ~set[i];
}

static void compile_atom(void) {
  char c = *pattern++;
  switch (c) {
  case '.': emit(any, 0, 0); break;
  case '^': emit(line_start, 0, 0); break;
  case '$': emit(line_end, 0, 0); break;
  case '[': compile_set(); break;
  case '(': {
    int group = groups++;
    emit(save, 2 * group, 0);
    compile_alternatives();
    pattern++; /* the closing parenthesis */
    emit(save, 2 * group + 1, 0);
    break;
  }
  default: {
    int at = emit(any_of, 0, 0);
    add(program[at].set, (uint8_t)c, (uint8_t)c);
  }
  }
}

static void compile_sequence(void) {
  while (*pattern && *pattern != '|' && *pattern != ')') {
    int start = length;
    compile_atom();
    switch (*pattern) {
    case '*':
      insert(start, split, start + 1, length + 2);
      emit(jump, start, 0);
      pattern++;
      break;
    case '+':
      emit(split, start, length + 1);
      pattern++;
      break;
    case '?':
      insert(start, split, start + 1, length + 1);
      pattern++;
      break;
    }
  }
}

static void compile_alternatives(void) {
  int start = length;
  compile_sequence();
  while (*pattern == '|') {
    pattern++;
    insert(start, split, start + 1, length + 2);
    int leave = emit(jump, 0, 0);
    int alternative = length;
    compile_sequence();
    /* A further alternative goes round all of this one. */
    program[leave].x = length;
    program[start].y = alternative;
  }
}

static void compile(const char *source) {
  length = 0;
  groups = 1;
  pattern = source;
  compile_alternatives();
  emit(match, 0, 0);
}

/* Where the match of the program from `pc` on at `at` ends; none when there is none. */
static const char *run(int pc, const char *at) {
  for (;;) {
    const struct instruction *each = program + pc;
    switch (each->opcode) {
    case any_of: {
      uint8_t c = *at;
      if (c == 0 || !(each->set[c >> 5] >> (c & 31) & 1)) return 0;
      at++, pc++;
      break;
    }
    case any:
      if (*at == 0 || *at == '\n') return 0;
      at++, pc++;
      break;
    case split: {
      const char *end = run(each->x, at);
      if (end) return end;
      pc = each->y;
      break;
    }
    case jump: pc = each->x; break;
    case line_start:
      if (at != text && at[-1] != '\n') return 0;
      pc++;
      break;
    case line_end:
      if (*at != 0 && *at != '\n') return 0;
      pc++;
      break;
    case save: {
      const char *before = saved[each->x];
      saved[each->x] = at;
      const char *end = run(pc + 1, at);
      if (!end) saved[each->x] = before;
      return end;
    }
    case match: return at;
    }
  }
}

static uint32_t search(const char *source) {
  uint32_t sum = 0;
  compile(source);
  for (const char *at = text; *at;) {
    const char *end = run(0, at);
    if (end && end > at) {
      sum = sum * 31 + (uint32_t)(at - text);
      sum = sum * 31 + (uint32_t)(end - text);
      if (groups > 1 && saved[2]) sum = sum * 31 + (uint32_t)(saved[3] - saved[2]);
      at = end;
    } else {
      at++;
    }
  }
  return sum;
}

static void make_text(void) {
  static const char *const words[] = {"request", "ends", "at", "2024-05-17", "from", "someone@example.org", "GET",
                                      "/index.html", "200", "0x7fff", "\n", "error:", "timeout", "\"quoted words\""};
  uint32_t random = 5;
  char *to = text;
  while (to < text + text_bytes - 32) {
    const char *word = words[next_random(&random) % (sizeof words / sizeof *words)];
    size_t bytes = strlen(word);
    memcpy(to, word, bytes);
    to += bytes;
    *to++ = ' ';
  }
  *to = 0;
}

static uint32_t work(void) {
  make_text();
  uint32_t sum = search("([0-9]+)-([0-9][0-9])-([0-9][0-9])");
  sum = sum * 31 + search("[a-z]+@([a-z]+[.])*[a-z.]+");
  sum = sum * 31 + search("^ *(GET|POST|error:|\"[^\"]*\") .*$");
  sum = sum * 31 + search("(0x)?[0-9a-f]+ ");
  return sum;
}
