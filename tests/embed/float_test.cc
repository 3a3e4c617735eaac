// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: floating-point numbers through the public interface, and the environments of host and guest.

#include <bit>
#include <cfenv>
#include <cstdint>
#include <limits>
#include <span>
#include <tuple>
#include <vector>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "tests/embed/modules.h"
#include "tests/embed/support.h"

namespace sandbox::testing {
namespace {

using Mixed = std::tuple<double, float>;

InstanceId MakeFloats(Store& store) {
  Must(store.Link("env", "mix", [](float a, double b, int32_t c) { return Mixed(a + c, static_cast<float>(b) * 2); }));
  return MakeInstance(store, kFloatMath);
}

TEST(Floats, ThroughHostAndGuest) {
  Store store = MakeStore();
  const InstanceId floats = MakeFloats(store);
  const auto mix = Must(store.GetFunc<Mixed(float, double, int32_t)>(floats, "mix"));
  EXPECT_EQ(Must(mix(1.5f, 0.25, 3)).As<Mixed>(), Mixed(4.5, 0.5f));
  const RunResult run = Must(store.Invoke(floats, "mix", {Value::F32(0.5f), Value::F64(-1), Value::I32(1)}));
  EXPECT_EQ(ValuesOf(run), Values({Value::F64(1.5), Value::F32(-2)}));
  EXPECT_EQ(CodeOf(store.Invoke(floats, "halve", {Value::F32(1)})), ErrorCode::kWrongArguments);
}

// Several results, of which the first is right: nothing of a refused answer may be seen in the arguments that it replaces.
TEST(Floats, HalfWrongAnswerLeavesTheArguments) {
  Store store = MakeStore();
  const ValType params[] = {ValType::F32(), ValType::F64(), ValType::I32()};
  const ValType results[] = {ValType::F64(), ValType::F32()};
  Must(store.LinkFunc("env", "mix", params, results));
  const InstanceId floats = MakeInstance(store, kFloatMath);
  const std::vector<Value> arguments = Values({Value::F32(0.5f), Value::F64(-1), Value::I32(7)});
  RunResult run = Must(store.Invoke(floats, "mix", {arguments[0], arguments[1], arguments[2]}));
  ASSERT_EQ(run.outcome(), Outcome::kHostCall);
  EXPECT_EQ(CodeOf(run.call().Resume({Value::F64(2), Value::F64(3)})), ErrorCode::kWrongResults);
  EXPECT_EQ(CodeOf(run.call().Resume({Value::F64(2), Value::I32(3)})), ErrorCode::kWrongResults);
  EXPECT_EQ(CodeOf(run.call().Resume({Value::F64(2), Value::Null(HeapType::kFunc)})), ErrorCode::kWrongResults);
  const std::span<const Value> seen = run.call().args();
  EXPECT_EQ(std::vector<Value>(seen.begin(), seen.end()), arguments);
  EXPECT_EQ(CodeOf(run.call().Args<>()), ErrorCode::kWrongArguments);
  run = Must(run.call().Resume({Value::F64(2), Value::F32(3)}));
  EXPECT_EQ(run.As<Mixed>(), Mixed(2, 3.0f));
}

TEST(Floats, KeepSignallingNans) {
  Store store = MakeStore();
  const InstanceId floats = MakeFloats(store);
  const RunResult run = Must(store.Invoke(floats, "bits", {Value::F32Bits(0x7fa00001)}));
  EXPECT_EQ(run.values()[0].f32_bits(), 0x7fa00001u);
}

TEST(Floats, AsHostGlobals) {
  Store store = MakeStore();
  const GlobalView global = Must(store.LinkGlobal("a", "a", Value::F64(-0.0), true));
  EXPECT_EQ(Must(global.Get()), Value::F64(-0.0));
  Must(global.Set(Value::F64(2.5)));
  EXPECT_EQ(Must(global.Get()).f64(), 2.5);
}

TEST(Floats, Memory) {
  Store store = MakeStore();
  const MemoryView memory = Must(store.GetMemory(MakeInstance(store, kMemory)));
  Must(memory.Write<double>(3, 0.1));
  EXPECT_EQ(Must(memory.Read<double>(3)), 0.1);
  Must(memory.Write<float>(3, -1.5f));
  EXPECT_EQ(Must(memory.Read<uint32_t>(3)), 0xbfc00000u);
}

#if defined(__x86_64__)
constexpr unsigned kDazFtz = 0x8040;

// A host that flushes subnormal numbers, in this scope.
class FlushingHost {
 public:
  FlushingHost() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | kDazFtz); }
  ~FlushingHost() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
};

TEST(Environment, HostsFlushingDoesNotReachTheGuest) {
  Store store = MakeStore();
  const InstanceId floats = MakeFloats(store);
  const double smallest = std::numeric_limits<double>::min();
  const FlushingHost flushing;
  const RunResult run = Must(store.Invoke(floats, "halve", {Value::F64(smallest)}));
  // A subnormal result; flushed it would be zero.
  EXPECT_EQ(run.values()[0].f64_bits(), std::bit_cast<uint64_t>(smallest) >> 1);
  const RunResult sum = Must(store.Invoke(floats, "add", {Value::F64Bits(1), Value::F64Bits(2)}));
  EXPECT_EQ(sum.values()[0].f64_bits(), 3u);
  EXPECT_EQ(_mm_getcsr() & kDazFtz, kDazFtz);
}

TEST(Environment, HostsRoundingDoesNotReachTheGuest) {
  Store store = MakeStore();
  const InstanceId floats = MakeFloats(store);
  const auto add = Must(store.GetFunc<double(double, double)>(floats, "add"));
  const double nearest = *Must(add(1.0, 1e-30)).As<double>();
  ASSERT_EQ(std::fesetround(FE_UPWARD), 0);
  const double again = *Must(add(1.0, 1e-30)).As<double>();
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(nearest, 1.0);
  EXPECT_EQ(again, 1.0);
}

TEST(Environment, HostIsBackAtEveryExit) {
  Store store = MakeStore();
  Must(store.LinkFunc("env", "get", 0, 1));
  Must(store.LinkFuncDefault("env"));
  const InstanceId host = MakeInstance(store, kHost);
  const InstanceId traps = MakeInstance(store, kTraps);
  const FlushingHost flushing;
  RunResult run = Must(store.Invoke(host, "get"));
  EXPECT_EQ(run.outcome(), Outcome::kHostCall);
  EXPECT_EQ(_mm_getcsr() & kDazFtz, kDazFtz);
  run = Must(run.call().Resume(Value::I32(1)));
  EXPECT_TRUE(run.is_done());
  EXPECT_EQ(_mm_getcsr() & kDazFtz, kDazFtz);
  EXPECT_TRUE(Must(store.Invoke(traps, "outer")).is_trapped());
  EXPECT_EQ(_mm_getcsr() & kDazFtz, kDazFtz);
  store.SetFuel(0);
  EXPECT_EQ(Must(store.Invoke(traps, "outer")).outcome(), Outcome::kOutOfFuel);
  EXPECT_EQ(_mm_getcsr() & kDazFtz, kDazFtz);
}

// The status flags are the host's own, too, and what an answered call raises in the host stays with the host.
TEST(Environment, FlagsAreTheHostsAtEveryExit) {
  Store store = MakeStore();
  Must(store.LinkFunc("env", "get", 0, 1));
  Must(store.LinkFuncDefault("env"));
  const InstanceId host = MakeInstance(store, kHost);
  const FlushingHost flushing;
  for (const unsigned flags : {0u, 0x3fu, 0x15u}) {
    _mm_setcsr((_mm_getcsr() & ~0x3fu) | flags);
    const unsigned before = _mm_getcsr();
    const RunResult run = Must(store.Invoke(host, "get"));
    EXPECT_EQ(_mm_getcsr(), before);
    _mm_setcsr(before ^ 0x2u);
    EXPECT_TRUE(Must(run.call().Resume(Value::I32(1))).is_done());
    EXPECT_EQ(_mm_getcsr(), before ^ 0x2u);
  }
  _mm_setcsr(_mm_getcsr() & ~0x3fu);
}

// A host function that calls into the store: its own changes are there again after the nested run, and end with it.
TEST(Environment, NestedRunsGiveBackWhatTheHostFunctionSet) {
  Store store = MakeStore();
  unsigned after = 0;
  InstanceId floats;
  Must(store.Link("env", "mix", [&](Caller& caller, float a, double b, int32_t depth) {
    _mm_setcsr(_mm_getcsr() | kDazFtz);
    const unsigned before = _mm_getcsr();
    if (depth > 0) {
      const Value less = Value::I32(depth - 1);
      const RunResult run = Must(caller.store().Invoke(floats, "mix", {Value::F32(a), Value::F64(b), less}));
      EXPECT_EQ(run.values()[0].f64_bits(), std::bit_cast<uint64_t>(b));
      after = _mm_getcsr() ^ before;
    }
    return Mixed(b, a);
  }));
  floats = MakeInstance(store, kFloatMath);
  const RunResult run = Must(store.Invoke(floats, "mix", {Value::F32(1), Value::F64Bits(5), Value::I32(2)}));
  EXPECT_EQ(run.values()[0].f64_bits(), 5u);
  EXPECT_EQ(after, 0u);
  EXPECT_EQ(_mm_getcsr() & kDazFtz, 0u);
}

TEST(Environment, HostFunctionsChangeNothingOfTheGuests) {
  Store store = MakeStore();
  unsigned inside = kDazFtz;
  Must(store.Link("env", "mix", [&inside](float a, double b, int32_t) {
    inside = _mm_getcsr() & kDazFtz;
    _mm_setcsr(_mm_getcsr() | kDazFtz);
    return Mixed(b, a);
  }));
  const InstanceId floats = MakeInstance(store, kFloatMath);
  const FlushingHost flushing;
  const uint64_t subnormal = 5;
  const RunResult run = Must(store.Invoke(floats, "mix", {Value::F32(1), Value::F64Bits(subnormal), Value::I32(0)}));
  EXPECT_EQ(inside, 0u);
  EXPECT_EQ(run.values()[0].f64_bits(), subnormal);
  EXPECT_EQ(_mm_getcsr() & kDazFtz, kDazFtz);
}
#endif

}  // namespace
}  // namespace sandbox::testing
