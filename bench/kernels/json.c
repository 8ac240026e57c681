/* JSON, https://www.rfc-editor.org/rfc/rfc8259: a document of 300 records is written, parsed into a tree, and written from that. */
#define EXPECTED 0x4a0593d3
#include "kernel.h"
#include <stdlib.h>
#include <string.h>

enum { records = 300, text_max = 65536 };

enum kind { null_kind, false_kind, true_kind, number_kind, string_kind, array_kind, object_kind };

struct value {
  enum kind kind;
  double number;
  char *text; /* of a string */
  char *name; /* in an object */
  struct value *first, *next;
};

static char source[text_max], result[text_max];

/* Where writing and reading stand. */
static char *out;
static const char *in;

static void put(const char *text) {
  size_t length = strlen(text);
  memcpy(out, text, length);
  out += length;
}

static void put_number(double number) {
  char digits[24];
  int length = 0;
  if (number < 0) *out++ = '-', number = -number;
  uint64_t thousandths = (uint64_t)(number * 1000 + 0.5);
  uint64_t whole = thousandths / 1000;
  do digits[length++] = '0' + whole % 10;
  while (whole /= 10);
  while (length > 0) *out++ = digits[--length];
  uint32_t fraction = thousandths % 1000;
  if (fraction == 0) return;
  *out++ = '.';
  *out++ = '0' + fraction / 100;
  *out++ = '0' + fraction / 10 % 10;
  *out++ = '0' + fraction % 10;
}

static void put_string(const char *text) {
  *out++ = '"';
  for (; *text; text++) {
    char c = *text;
    if (c == '"' || c == '\\') *out++ = '\\', *out++ = c;
    else if (c == '\n') *out++ = '\\', *out++ = 'n';
    else *out++ = c;
  }
  *out++ = '"';
}

static void skip_space(void) {
  while (*in == ' ' || *in == '\n' || *in == '\t' || *in == '\r') in++;
}

static char *parse_string(void) {
  const char *end = ++in;
  while (*end != '"') end += *end == '\\' ? 2 : 1;
  char *text = malloc(end - in + 1);
  char *to = text;
  while (in < end) {
    char c = *in++;
    if (c == '\\') c = *in++ == 'n' ? '\n' : in[-1];
    *to++ = c;
  }
  *to = 0;
  in = end + 1;
  return text;
}

static double parse_number(void) {
  double number = 0, scale = 1;
  int negative = *in == '-';
  if (negative) in++;
  while (*in >= '0' && *in <= '9') number = number * 10 + (*in++ - '0');
  if (*in == '.') {
    in++;
    while (*in >= '0' && *in <= '9') number = number * 10 + (*in++ - '0'), scale *= 10;
  }
  number /= scale;
  return negative ? -number : number;
}

static struct value *parse(void) {
  struct value *value = calloc(1, sizeof *value);
  skip_space();
  switch (*in) {
  case 'n': value->kind = null_kind, in += 4; break;
  case 't': value->kind = true_kind, in += 4; break;
  case 'f': value->kind = false_kind, in += 5; break;
  case '"': value->kind = string_kind, value->text = parse_string(); break;
  case '[':
  case '{': {
    int is_object = *in++ == '{';
    struct value **link = &value->first;
    value->kind = is_object ? object_kind : array_kind;
    skip_space();
    while (*in != ']' && *in != '}') {
      char *name = 0;
      if (is_object) {
        skip_space();
        name = parse_string();
        skip_space();
        in++; /* the colon */
      }
      *link = parse();
      (*link)->name = name;
      link = &(*link)->next;
      skip_space();
      if (*in == ',') in++;
      skip_space();
    }
    in++;
    break;
  }
  default: value->kind = number_kind, value->number = parse_number();
  }
  return value;
}

static void print(const struct value *value) {
  switch (value->kind) {
  case null_kind: put("null"); break;
  case false_kind: put("false"); break;
  case true_kind: put("true"); break;
  case number_kind: put_number(value->number); break;
  case string_kind: put_string(value->text); break;
  default:
    *out++ = value->kind == object_kind ? '{' : '[';
    for (const struct value *each = value->first; each; each = each->next) {
      if (each->name) put_string(each->name), *out++ = ':';
      print(each);
      if (each->next) *out++ = ',';
    }
    *out++ = value->kind == object_kind ? '}' : ']';
  }
}

static void release(struct value *value) {
  while (value) {
    struct value *next = value->next;
    release(value->first);
    free(value->text);
    free(value->name);
    free(value);
    value = next;
  }
}

static void make_document(void) {
  uint32_t random = 3;
  out = source;
  put("[\n");
  for (int i = 0; i < records; i++) {
    put(i ? ",\n  {\"id\": " : "  {\"id\": ");
    put_number(i);
    put(", \"name\": \"Somebody \\\"");
    put_number(next_random(&random) % 1000);
    put("\\\" of Somewhere\", \"tags\": [\"red\", \"green\\n\", true, null], \"at\": {\"x\": ");
    put_number((double)(next_random(&random) % 100000) / 8);
    put(", \"y\": -");
    put_number((double)(next_random(&random) % 100000) / 125);
    put("}}");
  }
  put("\n]\n");
  *out = 0;
}

static uint32_t work(void) {
  make_document();
  in = source;
  struct value *document = parse();
  out = result;
  print(document);
  *out = 0;
  release(document);
  uint32_t sum = 0;
  for (const char *at = result; *at; at++) sum = sum * 31 + (uint8_t)*at;
  return sum;
}
