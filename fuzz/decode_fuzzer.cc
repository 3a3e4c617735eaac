// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Loading raw bytes never crashes, gives the same twice, and an error's place lies within the input. A module with one
// rule broken is refused for that rule.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "fuzz/gen/broken_module.h"
#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/counting_allocator.h"
#include "fuzz/oracle/observation.h"
#include "fuzz/oracle/questions.h"
#include "sandbox/sandbox.h"

namespace {

using sandbox::fuzz::AskError;
using sandbox::fuzz::AskModule;
using sandbox::fuzz::Report;

constexpr uint64_t kBytesAByte = 64;
constexpr uint64_t kBytesAModule = 16384;

// A valid module, out of the rest of the input, with one rule broken: refused, and for that.
void CheckBroken(std::span<const uint8_t> choices) {
  using namespace sandbox::fuzz;
  ByteSource source(choices);
  ByteSource rules = source.Take(12);
  const BrokenModule broken =
      BreakOneRule(rules, GenerateModule(source, GeneratorOptions::Everything()), GeneratorOptions::Everything());
  if (broken.rule.empty()) return;
  const sandbox::Result<sandbox::Module> module = sandbox::Module::Load(broken.bytes);
  const std::string rule(broken.rule);
  if (module.has_value()) Report("accepted: " + rule, broken.bytes);
  const sandbox::ErrorCode code = module.error().code;
  if (std::ranges::find(broken.expected, code) == broken.expected.end()) {
    Report("refused for another reason (" + std::string(sandbox::TextOf(code)) + "): " + rule, broken.bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  // Modules begin with a zero: what begins otherwise is no module, but may be choices for one.
  if (size > 0 && data[0] == 'g') CheckBroken(bytes.subspan(1));
  // In proportion to the bytes: what a module declares costs nothing by itself.
  sandbox::fuzz::CountingAllocator allocator;
  sandbox::LoadOptions options;
  options.allocator = &allocator;
  const sandbox::Result<sandbox::Module> module = sandbox::Module::Load(bytes, options);
  if (allocator.peak() > kBytesAByte * size + kBytesAModule) Report("loading takes too much memory", bytes);
  const sandbox::Result<sandbox::Module> again = sandbox::Module::LoadCopy(bytes, options);
  if (module.has_value() != again.has_value()) Report("loaded once, refused once", bytes);
  if (module.has_value()) {
    if (module->sizes().side_table_bytes != again->sizes().side_table_bytes) Report("two side tables", bytes);
    AskModule(*module);
    return 0;
  }
  const sandbox::Error& error = module.error();
  if (error.code != again.error().code || error.offset != again.error().offset) Report("two errors", bytes);
  if (error.offset > size) Report("an error's offset is outside the input", bytes);
  AskError(error);
  return 0;
}
