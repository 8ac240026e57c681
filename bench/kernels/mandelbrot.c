/* The Mandelbrot set on 96 by 64 points, as levels of grey. */
#define EXPECTED 0xe5b9d532
#include "kernel.h"

enum { width = 96, height = 64, rounds_max = 200 };

static uint8_t picture[height][width];

static int rounds_at(double x, double y) {
  double re = 0, im = 0;
  int round = 0;
  for (; round < rounds_max; round++) {
    double re2 = re * re, im2 = im * im;
    if (re2 + im2 > 4) break;
    im = 2 * re * im + y;
    re = re2 - im2 + x;
  }
  return round;
}

static uint32_t work(void) {
  for (int row = 0; row < height; row++) {
    for (int column = 0; column < width; column++) {
      picture[row][column] = rounds_at(column * (3.0 / width) - 2.0, row * (2.0 / height) - 1.0);
    }
  }
  uint32_t sum = 0;
  for (int row = 0; row < height; row++) {
    for (int column = 0; column < width; column++) sum = sum * 31 + picture[row][column];
  }
  return sum;
}
