/* The product of two matrices of 100 by 100 doubles, by the definition. */
#define EXPECTED 0x24124114
#include "kernel.h"

enum { size = 100 };

static double a[size][size], b[size][size], product[size][size];

static void multiply(void) {
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) {
      double sum = 0;
      for (int k = 0; k < size; k++) sum += a[i][k] * b[k][j];
      product[i][j] = sum;
    }
  }
}

/* Row by row of the second: the way that suits a cache, with a store in the innermost loop. */
static void multiply_by_rows(void) {
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) product[i][j] = 0;
    for (int k = 0; k < size; k++) {
      for (int j = 0; j < size; j++) product[i][j] += a[i][k] * b[k][j];
    }
  }
}

static uint32_t sum_of_product(void) {
  uint32_t sum = 0;
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) sum = sum * 31 + (uint32_t)(int32_t)product[i][j];
  }
  return sum;
}

static uint32_t work(void) {
  uint32_t random = 4;
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) {
      a[i][j] = (int32_t)(next_random(&random) % 2001) - 1000;
      b[i][j] = (int32_t)(next_random(&random) % 2001) - 1000;
    }
  }
  multiply();
  uint32_t sum = sum_of_product();
  multiply_by_rows();
  return sum ^ sum_of_product() * 3;
}
