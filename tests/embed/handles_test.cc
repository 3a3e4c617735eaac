// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/handles.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "tests/embed/modules.h"
#include "tests/embed/support.h"

namespace sandbox::testing {
namespace {

struct MemoryWorld {
  MemoryWorld() : store(MakeStore()), instance(MakeInstance(store, kMemory)), memory(Must(store.GetMemory(instance))) {}
  Store store;
  InstanceId instance;
  MemoryView memory;
};

TEST(MemoryView, TypedAccess) {
  MemoryWorld world;
  const MemoryView& memory = world.memory;
  Must(memory.Write<uint8_t>(0, uint8_t{0x11}));
  Must(memory.Write<uint16_t>(1, uint16_t{0x3322}));
  Must(memory.Write<int64_t>(3, -2));
  EXPECT_EQ(Must(memory.Read<uint8_t>(2)), 0x33);
  EXPECT_EQ(Must(memory.Read<uint32_t>(0)), 0xfe332211u);
  EXPECT_EQ(Must(memory.Read<int64_t>(3)), -2);
  EXPECT_EQ(Must(world.store.Invoke(world.instance, "load", {Value::I32(0)})).As<uint32_t>(), 0xfe332211u);
  EXPECT_TRUE(Must(world.store.Invoke(world.instance, "store", {Value::I32(100), Value::I32(7)})).is_done());
  EXPECT_EQ(Must(memory.Read<int32_t>(100)), 7);
}

TEST(MemoryView, BoundsAreExact) {
  MemoryWorld world;
  const MemoryView& memory = world.memory;
  EXPECT_TRUE(memory.Read<uint32_t>(kPageBytes - 4).has_value());
  EXPECT_EQ(CodeOf(memory.Read<uint32_t>(kPageBytes - 3)), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(memory.Read<uint8_t>(~uint64_t{0})), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(memory.Write<uint64_t>(kPageBytes - 7, 1u)), ErrorCode::kOutOfRange);
  EXPECT_EQ(Must(memory.Read<uint8_t>(kPageBytes - 7)), 0);
  EXPECT_TRUE(memory.Borrow(kPageBytes, 0).has_value());
  EXPECT_EQ(CodeOf(memory.Borrow(kPageBytes + 1, 0)), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(memory.Borrow(1, kPageBytes)), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(memory.Borrow(1, ~uint64_t{0})), ErrorCode::kOutOfRange);
  EXPECT_EQ(Must(memory.Borrow(0, kPageBytes)).size(), kPageBytes);
  std::array<uint8_t, 4> bytes{1, 2, 3, 4};
  EXPECT_EQ(CodeOf(memory.ReadBytes(kPageBytes - 3, bytes)), ErrorCode::kOutOfRange);
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(CodeOf(memory.WriteBytes(kPageBytes - 3, bytes)), ErrorCode::kOutOfRange);
  Must(memory.WriteBytes(kPageBytes - 4, bytes));
  bytes.fill(0);
  Must(memory.ReadBytes(kPageBytes - 4, bytes));
  EXPECT_EQ(bytes, (std::array<uint8_t, 4>{1, 2, 3, 4}));
}

TEST(MemoryView, Strings) {
  MemoryWorld world;
  const MemoryView& memory = world.memory;
  Must(memory.WriteString(10, std::string_view("hello\0there", 11)));
  std::array<char, 11> text{};
  EXPECT_EQ(Must(memory.ReadString(10, 5, text)), "hello");
  EXPECT_EQ(Must(memory.ReadString(10, 11, text)).size(), 11u);
  EXPECT_EQ(CodeOf(memory.ReadString(10, 12, text)), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(memory.ReadString(kPageBytes, 1, text)), ErrorCode::kOutOfRange);
  EXPECT_EQ(Must(memory.ReadCString(10, text)), "hello");
  EXPECT_EQ(Must(memory.ReadCString(15, text)), "");
  EXPECT_EQ(Must(memory.ReadCString(10, std::span<char>(text).first(5))), "hello");
  EXPECT_EQ(CodeOf(memory.ReadCString(10, std::span<char>(text).first(4))), ErrorCode::kOutOfRange);
  // The memory ends before the text does.
  Must(memory.WriteString(kPageBytes - 3, "end"));
  EXPECT_EQ(CodeOf(memory.ReadCString(kPageBytes - 3, text)), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(memory.ReadCString(kPageBytes, text)), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(memory.ReadCString(kPageBytes + 1, text)), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(memory.WriteString(kPageBytes - 3, "more")), ErrorCode::kOutOfRange);
  EXPECT_EQ(Must(memory.ReadString(kPageBytes - 3, 3, text)), "end");
}

TEST(MemoryView, FollowsGrowth) {
  MemoryWorld world;
  const MemoryView& memory = world.memory;
  Must(memory.Write<uint32_t>(8, 0x12345678u));
  EXPECT_EQ(Must(world.store.Invoke(world.instance, "grow", {Value::I32(1)})).As<int32_t>(), 1);
  EXPECT_EQ(Must(memory.size_bytes()), 2 * kPageBytes);
  EXPECT_EQ(Must(memory.Read<uint32_t>(8)), 0x12345678u);
  EXPECT_EQ(Must(memory.Grow(1)), 2u);
  EXPECT_EQ(Must(memory.pages()), 3u);
  EXPECT_EQ(Must(memory.Read<uint32_t>(8)), 0x12345678u);
  EXPECT_EQ(Must(memory.Read<uint32_t>(3 * kPageBytes - 4)), 0u);
  // Its declared maximum.
  EXPECT_EQ(CodeOf(memory.Grow(1)), ErrorCode::kLimitExceeded);
  EXPECT_EQ(Must(memory.Grow(0)), 3u);
  EXPECT_EQ(Must(memory.type()).limits.max, 3u);
  EXPECT_EQ(Must(world.store.Invoke(world.instance, "load", {Value::I32(3 * 65536 - 4)})).As<int32_t>(), 0);
}

TEST(MemoryView, IsStaleWithoutItsInstanceOrStore) {
  std::optional<MemoryWorld> world;
  world.emplace();
  const MemoryView memory = world->memory;
  Must(world->store.Release(world->instance));
  EXPECT_EQ(CodeOf(memory.size_bytes()), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(memory.pages()), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(memory.type()), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(memory.Read<uint8_t>(0)), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(memory.Write<uint8_t>(0, uint8_t{0})), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(memory.Borrow(0, 0)), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(memory.Grow(0)), ErrorCode::kStaleHandle);
  char text[4];
  EXPECT_EQ(CodeOf(memory.ReadCString(0, text)), ErrorCode::kStaleHandle);
  world.reset();
  EXPECT_EQ(CodeOf(memory.size_bytes()), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(MemoryView().size_bytes()), ErrorCode::kStaleHandle);
}

TEST(MemoryView, ReadWhileTheGuestWaits) {
  Store store = MakeStore();
  Must(store.LinkFunc("env", "println", 2, 0));
  const InstanceId hello = MakeInstance(store, kHelloText);
  const RunResult run = Must(store.Invoke(hello, "main"));
  const MemoryView memory = Must(run.call().memory());
  Must(memory.WriteString(0, "J"));
  EXPECT_EQ(Must(memory.Grow(1)), 1u);
  EXPECT_TRUE(Must(run.call().Resume()).is_done());
  EXPECT_EQ(Must(store.Invoke(hello, "load", {Value::I32(0)})).As<int32_t>(), 'J');
  EXPECT_EQ(Must(store.Invoke(hello, "load", {Value::I32(65536)})).As<int32_t>(), 0);
}

TEST(TableView, GetSetGrow) {
  Store store = MakeStore();
  const InstanceId objects = MakeInstance(store, kObjects);
  const TableView table = Must(store.GetTable(objects, "table"));
  EXPECT_EQ(Must(table.size()), 2u);
  EXPECT_EQ(Must(table.type()).element, ValType::FuncRef());
  const Value answer = Must(table.Get(0));
  EXPECT_EQ(answer, Value::FuncRef(Must(store.GetFunc(objects, "answer"))));
  EXPECT_EQ(Must(table.Get(1)), Value::Null(HeapType::kFunc));
  EXPECT_EQ(CodeOf(table.Get(2)), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(table.Get(uint64_t{1} << 32)), ErrorCode::kOutOfRange);
  EXPECT_TRUE(Must(store.Invoke(objects, "call", {Value::I32(1)})).is_trapped());
  Must(table.Set(1, answer));
  EXPECT_EQ(Must(store.Invoke(objects, "call", {Value::I32(1)})).As<int32_t>(), 42);
  Must(table.Set(0, Value::Null(HeapType::kFunc)));
  EXPECT_EQ(Must(store.Invoke(objects, "call", {Value::I32(0)})).trap().code, TrapCode::kUninitializedElement);
  EXPECT_EQ(CodeOf(table.Set(2, answer)), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(table.Set(0, Value::I32(1))), ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(table.Set(0, Value::ExternRef(1))), ErrorCode::kWrongArguments);
  EXPECT_EQ(Must(table.Grow(2, answer)), 2u);
  EXPECT_EQ(Must(store.Invoke(objects, "call", {Value::I32(3)})).As<int32_t>(), 42);
  EXPECT_EQ(CodeOf(table.Grow(1, answer)), ErrorCode::kLimitExceeded);
  EXPECT_EQ(CodeOf(table.Grow(1, Value::I64(0))), ErrorCode::kWrongArguments);
  const TableView externals = Must(store.GetTable(objects, "externals"));
  Must(externals.Set(0, Value::ExternRef(99)));
  EXPECT_EQ(Must(externals.Get(0)).extern_handle(), 99u);
  Must(store.Release(objects));
  EXPECT_EQ(CodeOf(table.size()), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(table.Get(0)), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(table.Set(0, answer)), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(table.Grow(0, answer)), ErrorCode::kStaleHandle);
}

TEST(TableView, RefusesFunctionsOfElsewhere) {
  Store store = MakeStore();
  Store other = MakeStore();
  const InstanceId objects = MakeInstance(store, kObjects);
  const InstanceId foreign = MakeInstance(other, kObjects);
  const TableView table = Must(store.GetTable(objects, "table"));
  EXPECT_EQ(CodeOf(table.Set(0, Value::FuncRef(Must(other.GetFunc(foreign, "answer"))))), ErrorCode::kWrongStore);
  const InstanceId gone = MakeInstance(store, kMath);
  const Value released = Value::FuncRef(Must(store.GetFunc(gone, "nothing")));
  Must(store.Release(gone));
  EXPECT_EQ(CodeOf(table.Set(0, released)), ErrorCode::kStaleHandle);
}

TEST(GlobalView, GetAndSet) {
  Store store = MakeStore();
  const InstanceId objects = MakeInstance(store, kObjects);
  const GlobalView variable = Must(store.GetGlobalView(objects, "variable"));
  EXPECT_EQ(Must(variable.Get()), Value::I32(7));
  EXPECT_TRUE(Must(variable.type()).is_mutable);
  Must(variable.Set(Value::I32(-9)));
  EXPECT_EQ(Must(store.Invoke(objects, "read")).As<int32_t>(), -9);
  EXPECT_EQ(CodeOf(variable.Set(Value::I64(1))), ErrorCode::kWrongArguments);
  EXPECT_EQ(Must(store.GetGlobal(objects, "constant")), Value::I64(-2));
  EXPECT_EQ(CodeOf(store.SetGlobal(objects, "constant", Value::I64(1))), ErrorCode::kNotMutable);
  EXPECT_EQ(CodeOf(store.SetGlobal(objects, "missing", Value::I64(1))), ErrorCode::kNoSuchExport);
  const FuncHandle answer = Must(store.GetFunc(objects, "answer"));
  EXPECT_EQ(Must(store.GetGlobal(objects, "function")), Value::FuncRef(answer));
  Must(store.SetGlobal(objects, "function", Value::Null(HeapType::kFunc)));
  EXPECT_TRUE(Must(store.GetGlobal(objects, "function")).is_null());
  Must(store.SetGlobal(objects, "external", Value::ExternRef(3)));
  EXPECT_EQ(Must(store.GetGlobal(objects, "external")).extern_handle(), 3u);
  Must(store.Release(objects));
  EXPECT_EQ(CodeOf(variable.Get()), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(variable.Set(Value::I32(1))), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(variable.type()), ErrorCode::kStaleHandle);
}

}  // namespace
}  // namespace sandbox::testing
