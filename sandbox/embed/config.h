// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What an embedder chooses when it makes a Store or loads a Module.
#ifndef SANDBOX_EMBED_CONFIG_H_
#define SANDBOX_EMBED_CONFIG_H_

#include <cstdint>
#include <optional>

#include "sandbox/base/budget.h"
#include "sandbox/base/build_config.h"
#include "sandbox/base/bytes.h"
#include "sandbox/exec/fuel.h"
#include "sandbox/syntax/limits.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

// How guest code is run. Every tier gives the same results, traps and fuel.
enum class Tier : uint8_t {
  kInPlace,  // the module's own bytes, nothing translated: smallest, quickest to start
  kFast,     // each function is translated to register code at its first call; kBadConfiguration if not built in
  kAuto,     // each function in place first, and translated when it has run so often that it pays; in place if kFast is
             // not built in
};

// How the in-place tier goes from one instruction to the next. The same handlers, so the same behaviour.
enum class Dispatch : uint8_t {
  kDefault,  // kTail where the build has it, else kLoop
  kTail,     // tail calls: clang 19 or newer on x86-64 and AArch64 only, elsewhere kBadConfiguration
  kLoop,     // a loop: any compiler
};

// Options of a Store. The defaults suit a plugin of any size that is not trusted with more than a gigabyte.
struct Config {
  // What the guest may use, and what the store may hold. Default: see limits.def. The load-time half is not used here,
  // except where instantiation counts the same things.
  ImplementationLimits limits = {};

  // Where all of the store's memory comes from. Outlives the store and its handles. Default: malloc, calloc and free.
  Allocator* allocator = nullptr;

  Tier tier = Tier::kAuto;
  Dispatch dispatch = Dispatch::kDefault;

  // Units in the tank at the beginning (what costs how much: exec/fuel.h). Default: never runs dry, nothing is counted.
  uint64_t fuel = kUnlimitedFuel;
};

// When the functions of a module are translated for the fast tier. What does not fit load_bytes, or is beyond what register
// code can express (65,535 slots, 4,096 units of fuel without a branch or call), runs in place: nobody sees a difference
// but in speed.
enum class Translation : uint8_t {
  kLazy,   // each at its first call in a store of the fast tier, in whatever thread that is; loading costs nothing more
  kEager,  // all of them while loading; ignored without the fast tier
};

// Options of Module::Load and Module::LoadCopy.
struct LoadOptions {
  // The load-time half: what a module may declare, and (load_bytes) what it may hold beside its own bytes.
  ImplementationLimits limits = {};

  // Where the module's memory comes from, that of translated functions too. Outlives the last copy of the module, whose end
  // may come in any thread; so may calls for lazy translation, one at a time.
  Allocator* allocator = nullptr;

  Translation translation = Translation::kLazy;
};

// Options of Store::Instantiate.
struct InstanceOptions {
  // The embedder's bytes for one of the module's memories: any length, any alignment, outliving the instance and every
  // importer of that memory. They are zeroed. The guest sees the declared number of pages; an access to a byte that
  // does not exist traps. Growth succeeds within the declared maximum and the limits and adds pages, but no bytes.
  // An importer of the memory sees the same. Default: the store allocates all memories.
  std::optional<MutableByteSpan> memory_span = std::nullopt;

  // Which memory that is: an index of a memory that the module defines (not one that it imports: kBadConfiguration).
  // Default: the first defined one, if any; without one the span is not used. Of no meaning without a span.
  std::optional<MemIdx> memory = std::nullopt;
};

// Options of Store::Reset.
struct ResetOptions {
  // Host functions, host objects (as they are then) and catch-all names stay linked for the next plugin.
  bool keep_links = true;
};

}  // namespace sandbox

#endif  // SANDBOX_EMBED_CONFIG_H_
