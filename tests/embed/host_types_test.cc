// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/host_types.h"

#include <cstdint>
#include <tuple>
#include <type_traits>

#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "tests/embed/modules.h"
#include "tests/embed/support.h"

namespace sandbox::testing {
namespace {

static_assert(TypeOfHost<int32_t>() == ValType::I32());
static_assert(TypeOfHost<uint64_t>() == ValType::I64());
static_assert(!HostNumber<bool> && !HostNumber<char> && !HostNumber<int16_t> && !HostNumber<void*>);
static_assert(HostNumber<long long> && HostNumber<unsigned long>);
static_assert(HostOfSlot<int32_t>(SlotOfHost<int32_t>(-1)) == -1);
// An i32 is kept zero-extended.
static_assert(SlotOfHost<int32_t>(-1) == 0xffff'ffff);
static_assert(HostOfValue<int64_t>(ValueOfHost<int64_t>(-5)) == -5);
static_assert(HostPack<int32_t, int64_t>::kTypes[1] == ValType::I64());
static_assert(HostPack<>::kTypes.empty());

int32_t Twice(int32_t x) noexcept { return 2 * x; }

Store LinkTyped() {
  Store store = MakeStore();
  Must(store.Link("env", "i32", [](int32_t a, uint32_t b) { return static_cast<uint32_t>(a) - b; }));
  Must(store.Link("env", "i64", [](int64_t a) -> int64_t { return -a; }));
  Must(store.Link("env", "pair",
                  [](Caller&, uint32_t a, const int64_t& b) { return std::tuple<int64_t, uint32_t>(b, a); }));
  Must(store.Link("env", "void", [] {}));
  Must(store.Link("env", "trap", [](int32_t x) -> HostResult<int32_t> {
    if (x < 0) return Trap(TrapCode::kUnreachable);
    return x;
  }));
  Must(store.Link("env", "six", [calls = 0]() mutable {
    return std::tuple<int, int, int, int, int, int>(++calls, 2, 3, 4, 5, 6);
  }));
  return store;
}

TEST(HostTypes, EveryShape) {
  Store store = LinkTyped();
  const InstanceId typed = MakeInstance(store, kTyped);
  EXPECT_EQ(Must(store.Invoke(typed, "i32", {Value::I32(1), Value::I32(3)})).As<int32_t>(), -2);
  EXPECT_EQ(Must(store.Invoke(typed, "i64", {Value::I64(INT64_MIN + 1)})).As<int64_t>(), INT64_MAX);
  EXPECT_EQ(ValuesOf(Must(store.Invoke(typed, "pair", {Value::I32(-1), Value::I64(-7)}))),
            Values({Value::I64(-7), Value::I32(-1)}));
  EXPECT_TRUE(Must(store.Invoke(typed, "void")).is_done());
  EXPECT_EQ(Must(store.Invoke(typed, "trap", {Value::I32(5)})).As<int32_t>(), 6);
  const RunResult trapped = Must(store.Invoke(typed, "trap", {Value::I32(-5)}));
  EXPECT_EQ(trapped.trap().code, TrapCode::kUnreachable);
  // More results than parameters.
  EXPECT_EQ((Must(store.Invoke(typed, "six")).As<std::tuple<int, int, int, int, int, int>>()),
            std::make_tuple(1, 2, 3, 4, 5, 6));
  // It keeps its state.
  EXPECT_EQ(Must(store.Invoke(typed, "six")).values()[0], Value::I32(2));
}

TEST(HostTypes, FunctionsAndResultsOfNothing) {
  Store store = MakeStore();
  Must(store.Link("env", "get", [] { return 21; }));
  int64_t seen = 0;
  Must(store.Link("env", "put", [&seen](int32_t, int64_t x) -> HostResult<void> {
    seen = x;
    return {};
  }));
  const InstanceId host = MakeInstance(store, kHost);
  EXPECT_EQ(Must(store.Invoke(host, "twice")).As<int32_t>(), 42);
  EXPECT_TRUE(Must(store.Invoke(host, "put", {Value::I32(1)})).is_done());
  EXPECT_EQ(seen, -1);
  Must(store.Link("env", "inner", &Twice));
  const InstanceId reenter = MakeInstance(store, kReenter);
  EXPECT_EQ(Must(store.Invoke(reenter, "outer", {Value::I32(4)})).As<int32_t>(), 408);
}

TEST(HostTypes, TheSignatureIsChecked) {
  Store store = MakeStore();
  Must(store.Link("env", "get", [] { return int64_t{21}; }));
  Must(store.LinkFuncDefault("env"));
  EXPECT_EQ(CodeOf(store.Instantiate(LoadOk(kHost))), ErrorCode::kIncompatibleImport);
}

TEST(HostTypes, ConvertValues) {
  const Value values[] = {Value::I32(1), Value::I64(2)};
  EXPECT_EQ((*ConvertValues<std::tuple<int32_t, uint64_t>>(values, ErrorCode::kWrongResults)),
            std::make_tuple(1, uint64_t{2}));
  EXPECT_EQ(CodeOf(ConvertValues<int32_t>(values, ErrorCode::kWrongResults)), ErrorCode::kWrongResults);
  EXPECT_EQ(CodeOf(ConvertValues<std::tuple<int32_t, int32_t>>(values, ErrorCode::kWrongArguments)),
            ErrorCode::kWrongArguments);
  EXPECT_TRUE(ConvertValues<void>({}, ErrorCode::kWrongResults).has_value());
}

}  // namespace
}  // namespace sandbox::testing
