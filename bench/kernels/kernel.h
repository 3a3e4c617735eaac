// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What the kernels share. A kernel is one freestanding C file that exports `run(n) -> checksum`, imports nothing and makes
// all of its state anew in each call: the same n gives the same checksum, in any engine and in native code.
#ifndef BENCH_KERNELS_KERNEL_H_
#define BENCH_KERNELS_KERNEL_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#define RUN __attribute__((export_name("run"))) uint32_t run(uint32_t n)
#else
#define RUN uint32_t run(uint32_t n)
#endif
#define NOINLINE __attribute__((noinline))

// A sequence of numbers without a pattern (Marsaglia's xorshift32).
static inline uint32_t NextRandom(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

// Takes a value into a checksum, in which the order counts.
static inline uint32_t Fold(uint32_t sum, uint32_t value) { return (sum << 5 | sum >> 27) * 31 + value; }

#endif  // BENCH_KERNELS_KERNEL_H_
