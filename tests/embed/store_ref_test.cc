// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/store_ref.h"

#include <optional>
#include <utility>

#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "tests/embed/modules.h"
#include "tests/embed/support.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox::testing {
namespace {

TEST(StoreRef, EmptyRefersToNothing) {
  const StoreRef empty;
  EXPECT_EQ(empty.get(), nullptr);
  EXPECT_EQ(empty.key(), 0u);
  const StoreRef copy = empty;
  EXPECT_EQ(copy.anchor(), nullptr);
}

TEST(StoreRef, LastHolderFreesTheAnchor) {
  FailingAllocator allocator;
  Config config = SmallConfig();
  config.allocator = &allocator;
  std::optional<Store> store = MakeStore(config);
  const InstanceId memory = MakeInstance(*store, kMemory);
  std::optional<MemoryView> view = Must(store->GetMemory(memory));
  StoreRef ref = view->place().store;
  EXPECT_NE(ref.get(), nullptr);
  EXPECT_EQ(ref.key(), store->id().key());
  store.reset();
  // Only the anchor is left.
  EXPECT_EQ(allocator.live_blocks(), 1u);
  EXPECT_EQ(ref.get(), nullptr);
  view.reset();
  EXPECT_EQ(allocator.live_blocks(), 1u);
  StoreRef moved = std::move(ref);
  ref = moved;
  moved = StoreRef();
  EXPECT_EQ(allocator.live_blocks(), 1u);
  ref = StoreRef();
  EXPECT_EQ(allocator.live_blocks(), 0u);
}

}  // namespace
}  // namespace sandbox::testing
