// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Drives modules that others built, by the conventions of their packages; tools/real_modules.sh compares the results with
// those of native tools.
//   real_modules hash FILE.wasm BYTES INIT FINAL INPUT   hash-wasm: the digest of a file
//   real_modules xxhash FILE.wasm INPUT                  xxhash-wasm: the 64-bit and the 32-bit hash of a file
//   real_modules mappings FILE.wasm INPUT                source-map: each mapping of a "mappings" text, a line each
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/sandbox.h"

namespace {

using sandbox::InstanceId;
using sandbox::MemoryView;
using sandbox::Result;
using sandbox::Store;
using sandbox::Value;

[[noreturn]] void Die(std::string_view what) {
  std::cerr << "real_modules: " << what << "\n";
  std::exit(1);
}

template <typename T>
T OrDie(Result<T> result) {
  if (!result) {
    std::array<char, 512> text;
    Die(sandbox::FormatError(result.error(), text));
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

std::vector<uint8_t> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Die("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A module in a store of its own.
class Guest {
 public:
  explicit Guest(const std::string& path)
      : bytes_(ReadFile(path)), module_(OrDie(sandbox::Module::Load(bytes_))), store_(OrDie(Store::Create({}))) {}

  Store& store() { return store_; }
  const sandbox::Module& module() const { return module_; }

  void Instantiate() {
    const sandbox::Instantiation made = OrDie(store_.Instantiate(module_));
    if (!made.run.is_done()) Die("instantiation did not end");
    instance_ = made.instance;
  }

  // The result as an integer; 0 if there is none.
  uint64_t Call(std::string_view name, std::initializer_list<Value> arguments = {}) {
    const sandbox::RunResult run = OrDie(store_.Invoke(instance_, name, arguments));
    if (!run.is_done()) Die(std::string(name) + " did not end");
    if (run.values().empty()) return 0;
    const Value value = run.values().front();
    return value.kind() == sandbox::ValKind::kI64 ? value.u64() : value.u32();
  }
  // The same, with as many of the arguments as it takes.
  uint64_t CallWithSome(std::string_view name, uint32_t argument) {
    const auto callee = module_.FindExport(name);
    if (callee && callee->signature.params.empty()) return Call(name);
    return Call(name, {Value::I32(argument)});
  }

  MemoryView memory() { return OrDie(store_.GetMemory(instance_)); }

 private:
  std::vector<uint8_t> bytes_;
  sandbox::Module module_;
  Store store_;
  InstanceId instance_;
};

void PrintHex(sandbox::ByteSpan bytes) {
  for (const uint8_t byte : bytes) std::printf("%02x", byte);
  std::printf("\n");
}

// Hash_GetBuffer says where input and digest lie.
void Hash(const std::string& path, size_t digest_bytes, uint32_t init, uint32_t final, const std::string& input) {
  constexpr size_t kChunk = 16 * 1024;
  Guest guest(path);
  guest.Instantiate();
  const uint64_t buffer = guest.Call("Hash_GetBuffer");
  guest.CallWithSome("Hash_Init", init);
  const std::vector<uint8_t> bytes = ReadFile(input);
  for (size_t at = 0; at < bytes.size(); at += kChunk) {
    const auto chunk = std::span(bytes).subspan(at, std::min(kChunk, bytes.size() - at));
    OrDie(guest.memory().WriteBytes(buffer, chunk));
    guest.Call("Hash_Update", {Value::I32(static_cast<uint32_t>(chunk.size()))});
  }
  guest.CallWithSome("Hash_Final", final);
  std::vector<uint8_t> digest(digest_bytes);
  OrDie(guest.memory().ReadBytes(buffer, digest));
  PrintHex(digest);
}

// The input lies at the beginning of the memory.
void Xxhash(const std::string& path, const std::string& input) {
  Guest guest(path);
  guest.Instantiate();
  const std::vector<uint8_t> bytes = ReadFile(input);
  const uint64_t size = OrDie(guest.memory().size_bytes());
  if (size < bytes.size()) OrDie(guest.memory().Grow((bytes.size() - size) / sandbox::kPageBytes + 1));
  OrDie(guest.memory().WriteBytes(0, bytes));
  const auto length = Value::I32(static_cast<uint32_t>(bytes.size()));
  std::printf("%016llx\n",
              static_cast<unsigned long long>(guest.Call("xxh64", {Value::I32(0), length, Value::I64(0)})));
  std::printf("%08x\n", static_cast<unsigned>(guest.Call("xxh32", {Value::I32(0), length, Value::I32(0)})));
}

// The module calls the host back for each mapping, while it runs.
void Mappings(const std::string& path, const std::string& input) {
  Guest guest(path);
  OrDie(guest.store().Link("env", "mapping_callback",
                           [](uint32_t line, uint32_t column, uint32_t, uint32_t, uint32_t has_original,
                              uint32_t source, uint32_t original_line, uint32_t original_column, uint32_t has_name,
                              uint32_t name) {
                             std::printf("%u:%u", line, column);
                             if (has_original != 0) std::printf(" %u:%u:%u", source, original_line, original_column);
                             if (has_name != 0) std::printf(" %u", name);
                             std::printf("\n");
                           }));
  guest.Instantiate();
  const std::vector<uint8_t> text = ReadFile(input);
  const uint64_t buffer = guest.Call("allocate_mappings", {Value::I32(static_cast<uint32_t>(text.size()))});
  OrDie(guest.memory().WriteBytes(buffer, text));
  const uint64_t mappings = guest.Call("parse_mappings", {Value::I32(static_cast<uint32_t>(buffer))});
  if (mappings == 0) Die("parse_mappings: error " + std::to_string(guest.Call("get_last_error")));
  guest.Call("by_generated_location", {Value::I32(static_cast<uint32_t>(mappings))});
  guest.Call("free_mappings", {Value::I32(static_cast<uint32_t>(mappings))});
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  const std::string command = arguments.empty() ? "" : arguments.front();
  const auto number = [&](size_t i) { return static_cast<uint32_t>(std::stoul(arguments[i], nullptr, 0)); };
  if (command == "hash" && arguments.size() == 6) {
    Hash(arguments[1], number(2), number(3), number(4), arguments[5]);
  } else if (command == "xxhash" && arguments.size() == 3) {
    Xxhash(arguments[1], arguments[2]);
  } else if (command == "mappings" && arguments.size() == 3) {
    Mappings(arguments[1], arguments[2]);
  } else {
    Die("see the head of main.cc");
  }
  return 0;
}
