/* SHA-256 (FIPS 180-4), as streams need it: start, add as often as wanted, end. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sha256 {
  uint32_t hash[8];
  uint64_t bytes;
  uint8_t block[64];
};

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2). */
static const uint32_t sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static inline uint32_t sha256_rotate(uint32_t word, int bits) {
  return word >> bits | word << (32 - bits);
}

static void sha256_start(struct sha256 *state) {
  static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(state->hash, first, sizeof first);
  state->bytes = 0;
}

static void sha256_block(struct sha256 *state) {
  uint32_t words[64], v[8];
  for (int at = 0; at < 16; at++) {
    const uint8_t *bytes = &state->block[at * 4];
    words[at] = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
  }
  for (int at = 16; at < 64; at++) {
    uint32_t low = words[at - 15], high = words[at - 2];
    words[at] = words[at - 16] + (sha256_rotate(low, 7) ^ sha256_rotate(low, 18) ^ low >> 3) + words[at - 7] +
                (sha256_rotate(high, 17) ^ sha256_rotate(high, 19) ^ high >> 10);
  }
  memcpy(v, state->hash, sizeof v);
  for (int at = 0; at < 64; at++) {
    uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]), majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
    uint32_t first = v[7] + (sha256_rotate(v[4], 6) ^ sha256_rotate(v[4], 11) ^ sha256_rotate(v[4], 25)) + choice + sha256_constants[at] + words[at];
    uint32_t second = (sha256_rotate(v[0], 2) ^ sha256_rotate(v[0], 13) ^ sha256_rotate(v[0], 22)) + majority;
    memmove(&v[1], &v[0], 7 * sizeof *v);
    v[4] += first;
    v[0] = first + second;
  }
  for (int at = 0; at < 8; at++) state->hash[at] += v[at];
}

static void sha256_add(struct sha256 *state, const uint8_t *bytes, size_t count) {
  for (; count > 0; bytes++, count--) {
    state->block[state->bytes++ % 64] = *bytes;
    if (state->bytes % 64 == 0) sha256_block(state);
  }
}

static void sha256_end(struct sha256 *state, uint8_t digest[32]) {
  uint64_t bits = state->bytes * 8;
  sha256_add(state, (const uint8_t[1]){0x80}, 1);
  while (state->bytes % 64 != 56) sha256_add(state, (const uint8_t[1]){0}, 1);
  for (int shift = 56; shift >= 0; shift -= 8) sha256_add(state, (const uint8_t[1]){(uint8_t)(bits >> shift)}, 1);
  for (int at = 0; at < 32; at++) digest[at] = (uint8_t)(state->hash[at / 4] >> (24 - at % 4 * 8));
}
