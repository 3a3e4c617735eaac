// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What plugin_host offers to its plugins, for C. Strings are an address and a length, without a zero byte at the end.
#ifndef EXAMPLES_PLUGIN_HOST_PLUGINS_HOST_API_H_
#define EXAMPLES_PLUGIN_HOST_PLUGINS_HOST_API_H_

typedef __SIZE_TYPE__ size_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;

#define HOST_IMPORT(name) __attribute__((import_module("host"), import_name(#name)))

// A line for the host's log.
HOST_IMPORT(log) void host_log(const char* text, size_t length);

// Copies up to `length` bytes of the input from `offset` on. Returns how many; 0 at its end.
HOST_IMPORT(read_input) int32_t host_read_input(size_t offset, void* buffer, size_t length);

// Appends to the output. Returns 0, or -1 when the host takes no more.
HOST_IMPORT(write_output) int32_t host_write_output(const void* bytes, size_t length);

// The value of a key, cut to `capacity` bytes. Returns its whole length, or -1 when there is none.
HOST_IMPORT(kv_get) int32_t host_kv_get(const char* key, size_t key_length, void* value, size_t capacity);

// Sets a key. Returns 0, or -1 when the store is full.
HOST_IMPORT(kv_set) int32_t host_kv_set(const char* key, size_t key_length, const void* value, size_t length);

// Milliseconds of the host's clock, which shows what the host likes.
HOST_IMPORT(clock) int64_t host_clock(void);

// What the host calls. Returns 0 if all went well.
#define PLUGIN_MAIN __attribute__((export_name("plugin_main"))) int32_t plugin_main(void)
PLUGIN_MAIN;

#endif  // EXAMPLES_PLUGIN_HOST_PLUGINS_HOST_API_H_
