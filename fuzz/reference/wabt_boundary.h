// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What is used of wabt, in C: numbers, pointers and function pointers. wabt is a C++ library of the distribution's, whose
// standard library need not be the one that the rest of the program is compiled with (OSS-Fuzz: libc++ here, libstdc++
// there), so no C++ type crosses this line.
#ifndef FUZZ_REFERENCE_WABT_BOUNDARY_H_
#define FUZZ_REFERENCE_WABT_BOUNDARY_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Value types as the binary format writes them: 0x7f i32, 0x7e i64, 0x7d f32, 0x7c f64, 0x70 funcref, 0x6f externref.
struct WabtValue {
  uint8_t type;
  uint64_t bits;  // a reference: 0 for null, 1 + the index of an exported function, else ~0
};

// What wabt asks and tells while it runs a module. Pointers are valid during the call only.
struct WabtEvents {
  void* context;
  // The bits of the argument of a call: which export, which round, which parameter.
  uint64_t (*argument)(void* context, uint32_t export_number, uint32_t round, uint32_t parameter, uint8_t type);
  // The bits of a result of a host function that was called with these arguments.
  uint64_t (*host_result)(void* context, const struct WabtValue* arguments, size_t count, uint32_t result, uint8_t type);
  // The bits of the n-th imported global.
  uint64_t (*global_import)(void* context, uint32_t number, uint8_t type);
  // A call has ended: with results, or with wabt's words for a trap (then `trap` is not null).
  void (*ended)(void* context, const char* name, size_t name_bytes, const char* trap, const struct WabtValue* results,
                size_t count);
  // State at the end, in the order of the exports.
  void (*memory)(void* context, const uint8_t* bytes, size_t size);
  void (*global)(void* context, struct WabtValue value);
  void (*table)(void* context, const struct WabtValue* elements, size_t count);
  // Whether to go on after the call that ended last.
  int (*goes_on)(void* context);
};

enum WabtOutcome {
  kWabtRejected = 0,     // not valid: `message` says why
  kWabtUnlinkable = 1,   // imports what the host cannot give
  kWabtNoInstance = 2,   // a segment or the start function trapped: told as the end of "start"
  kWabtRan = 3,
};

// Whether wabt takes the module for valid. message: its words if not, and a remark when the module is one of those that it
// is known to judge wrongly (known_differences.cc). message_bytes: more than 0.
int WabtAccepts(const uint8_t* bytes, size_t size, char* message, size_t message_bytes);

// Instantiates the module and calls each exported function, `rounds` times over.
enum WabtOutcome WabtRun(const uint8_t* bytes, size_t size, uint32_t rounds, const struct WabtEvents* events,
                         char* message, size_t message_bytes);

#ifdef __cplusplus
}
#endif

#endif  // FUZZ_REFERENCE_WABT_BOUNDARY_H_
