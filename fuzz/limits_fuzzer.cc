// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// With small limits, and with any one allocation refused: a clean error, nothing left behind, no limit exceeded. What a
// module needs of a limit is enough, and one less is not; loading stays within its bytes, however few; a store that was
// reset has all of its limits before it again. Imports are what the module asks for, and shared with whoever else has them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/counting_allocator.h"
#include "fuzz/oracle/limit_checks.h"
#include "fuzz/oracle/measure.h"
#include "fuzz/oracle/observation.h"
#include "sandbox/sandbox.h"

namespace fuzz = sandbox::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::ByteSource source({data, size});
  const bool is_refusing = source.OneIn(2);
  fuzz::CountingAllocator allocator(is_refusing ? source.Below(200) : ~uint64_t{0});
  sandbox::Config config;
  config.fuel = 5'000;
  config.allocator = &allocator;
  config.limits.store_bytes = source.OneIn(2) ? source.Word(3) : 4u << 20;
  config.limits.load_bytes = source.OneIn(4) ? source.Word(2) : 4u << 20;
  config.limits.call_depth = 1 + source.Below(200);
  config.tier = config.limits.call_depth % 4 == 0 ? sandbox::Tier::kAuto : sandbox::Tier::kFast;
  config.limits.value_stack_bytes = 64 + source.Below(60000);
  // Near the sizes that memories have, and not a whole number of pages.
  config.limits.memory_bytes = source.Word(2) + sandbox::kPageBytes * source.Below(source.OneIn(2) ? 6 : 256);
  config.limits.table_elements = source.Below(64);
  if (source.OneIn(4)) config.limits.moved_bytes = source.Word(3);
  // Some limit, small; half of the inputs leave the others as they are.
  for (uint32_t i = source.OneIn(2) ? source.Below(4) : 0; i > 0; --i) {
    using sandbox::LimitId;
    const LimitId id = static_cast<LimitId>(source.Below(static_cast<uint32_t>(LimitId::nested_runs) + 1));
    fuzz::LimitOf(config.limits, id) = std::min<uint64_t>(fuzz::LimitOf(config.limits, id), source.Below(40));
  }
  // A store keeps some of what it allocated: where memory is short, it has less the first time.
  const bool is_again = !is_refusing && config.limits.call_depth % 2 == 0;
  if (is_again) {
    config.limits.store_bytes = 64u << 20;
    config.limits.moved_bytes = uint64_t{config.limits.call_depth} * 4096;
  }
  fuzz::ByteSource edge = source.Take(2);
  const std::vector<uint8_t> module = fuzz::GenerateModule(source, fuzz::GeneratorOptions::Everything());
  fuzz::CheckEdge(edge, module);
  fuzz::CheckFrame(edge, module);
  fuzz::CheckLoadBytes(module);
  fuzz::CheckImports(edge, module);
  fuzz::CheckSharedGlobals(module);
  fuzz::RunWithin(config, allocator, module, is_again);
  if (allocator.held() != 0) fuzz::Report("memory is left behind", module);
  return 0;
}
