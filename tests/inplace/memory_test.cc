// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/inplace/access.def, sandbox/inplace/cold.cc (memories and tables, in every form of running)

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tests/inplace/forms.h"

namespace sandbox::testing {
namespace {

const ValType kI32 = ValType::I32();
const ValType kI64 = ValType::I64();
constexpr uint64_t kPage = 65536;
constexpr uint64_t kPattern = 0xf1e2'd3c4'b5a6'9788;  // every byte and half is negative

ValType TypeOf(Operand operand) {
  switch (operand) {
    case Operand::kI64:
      return ValType::I64();
    case Operand::kF32:
      return ValType::F32();
    case Operand::kF64:
      return ValType::F64();
    default:
      return ValType::I32();
  }
}

Value ValueOf(ValType type, uint64_t bits) {
  switch (type.kind()) {
    case ValKind::kI64:
      return Value::I64(bits);
    case ValKind::kF32:
      return Value::F32Bits(static_cast<uint32_t>(bits));
    case ValKind::kF64:
      return Value::F64Bits(bits);
    default:
      return Value::I32(static_cast<uint32_t>(bits));
  }
}

// All loads, or all stores, that are built in.
std::vector<Op> OpsOf(Family family) {
  std::vector<Op> ops;
  for (size_t i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    if (InfoOf(op).family == family && IsBuiltIn(InfoOf(op).feature)) ops.push_back(op);
  }
  return ops;
}

uint64_t WidthOf(Op op) { return uint64_t{1} << InfoOf(op).access_log2; }

// How a memarg is written: everything that validation accepts.
struct Encoding {
  std::string name;
  uint64_t offset;
  Bytes bytes;
};

std::vector<Encoding> Encodings(uint32_t memory, bool is_64) {
  std::vector<Encoding> all;
  const auto add = [&](const std::string& name, uint64_t offset, const Bytes& align, const Bytes& index,
                       const Bytes& at) {
    all.push_back({name, offset, Join({align, index, at})});
  };
  for (const uint64_t offset :
       {uint64_t{0}, uint64_t{1}, uint64_t{127}, uint64_t{128}, uint64_t{300}, uint64_t{16'384}}) {
    for (size_t width = EncodeU(offset).size(); width <= (is_64 ? 10 : 5); ++width) {
      const Bytes at = EncodePadded(offset, width);
      const std::string name = std::to_string(offset) + " in " + std::to_string(width);
      if (memory == 0) {
        add(name, offset, {0x00}, {}, at);
        add(name + ", alignment in 2", offset, {0x80, 0x00}, {}, at);
        add(name + ", alignment in 5", offset, {0x80, 0x80, 0x80, 0x80, 0x00}, {}, at);
      }
      add(name + ", with index", offset, {0x40}, EncodeU(memory), at);
      add(name + ", with index in 5", offset, {0xc0, 0x00}, EncodePadded(memory, 5), at);
    }
  }
  return all;
}

class MemoryTest : public FormTest {
 protected:
  // Functions "N" (a load at each encoding) and "sN" (a store) for one memory of two.
  static ModuleBuilder Accesses(const std::vector<Encoding>& encodings, uint32_t memory, bool is_64, Op load,
                                Op store) {
    ModuleBuilder builder;
    const ValType address = is_64 ? kI64 : kI32;
    const ValType type = TypeOf(InfoOf(load).signature.result());
    const uint32_t reads = builder.AddType({address}, {type});
    const uint32_t writes = builder.AddType({address, type}, {});
    for (int i = 0; i < 2; ++i) builder.AddMemory(Limits{1, 2, is_64});
    builder.Export("memory", ExternKind::kMemory, memory);
    for (size_t i = 0; i < encodings.size(); ++i) {
      AddExport(builder, std::to_string(i), reads, Code().LocalGet(0).Op(load).Raw(encodings[i].bytes));
      AddExport(builder, "s" + std::to_string(i), writes,
                Code().LocalGet(0).LocalGet(1).Op(store).Raw(encodings[i].bytes));
    }
    return builder;
  }
};
INSTANTIATE_FORMS(MemoryTest);

TEST_P(MemoryTest, EveryEncodingOfAMemarg) {
  for (const bool is_64 : {false, true}) {
    for (const uint32_t memory : {0u, 1u}) {
      const std::vector<Encoding> encodings = Encodings(memory, is_64);
      Store store = MakeStore();
      const InstanceId instance = Instantiate(store, Accesses(encodings, memory, is_64, Op::kI64Load, Op::kI64Store));
      const MemoryView view = *store.GetMemory(instance, "memory");
      for (size_t i = 0; i < encodings.size(); ++i) {
        const Encoding& encoding = encodings[i];
        const auto address = [&](uint64_t at) {
          return is_64 ? Value::I64(at) : Value::I32(static_cast<uint32_t>(at));
        };
        ASSERT_TRUE(view.Write<uint64_t>(1000 + encoding.offset, kPattern + i));
        EXPECT_EQ(Call(store, instance, std::to_string(i), {address(1000)}), Value::I64(kPattern + i)) << encoding.name;
        EXPECT_EQ(Run(store, instance, "s" + std::to_string(i), {address(2000), Value::I64(i)}).outcome,
                  Outcome::kDone);
        EXPECT_EQ(*view.Read<uint64_t>(2000 + encoding.offset), i) << encoding.name;
        // The last that fits, and one further.
        const uint64_t last = kPage - 8 - encoding.offset;
        EXPECT_EQ(Run(store, instance, std::to_string(i), {address(last)}).outcome, Outcome::kDone) << encoding.name;
        EXPECT_EQ(Run(store, instance, std::to_string(i), {address(last + 1)}).trap, TrapCode::kOutOfBoundsMemory);
        EXPECT_EQ(Run(store, instance, "s" + std::to_string(i), {address(last + 1), Value::I64(i)}).trap,
                  TrapCode::kOutOfBoundsMemory)
            << encoding.name;
      }
    }
  }
}

// What is loaded, from the text of the instruction: width and sign.
TEST_P(MemoryTest, EveryLoad) {
  for (const Op op : OpsOf(Family::kLoad)) {
    const std::string_view text = TextOf(op);
    const uint64_t width = WidthOf(op);
    const uint64_t low = width == 8 ? kPattern : kPattern & ((uint64_t{1} << 8 * width) - 1);
    const bool is_signed = text.ends_with("_s");
    const uint64_t sign = is_signed ? ~uint64_t{0} << (8 * width - 1) << 1 : 0;
    const ValType type = TypeOf(InfoOf(op).signature.result());
    const std::vector<Encoding> plain = {{"plain", 0, {0, 0}}};
    Store store = MakeStore();
    const InstanceId instance = Instantiate(store, Accesses(plain, 0, false, op,
                                                            type == kI32             ? Op::kI32Store8
                                                            : type == kI64           ? Op::kI64Store8
                                                            : type == ValType::F32() ? Op::kF32Store
                                                                                     : Op::kF64Store));
    ASSERT_TRUE(store.GetMemory(instance, "memory")->Write<uint64_t>(3, kPattern));
    EXPECT_EQ(Call(store, instance, "0", {I32(3)}), ValueOf(type, low | sign)) << text;
  }
}

// A store changes its own bytes alone.
TEST_P(MemoryTest, EveryStore) {
  for (const Op op : OpsOf(Family::kStore)) {
    const ValType type = TypeOf(InfoOf(op).signature.param(1));
    const std::vector<Encoding> plain = {{"plain", 0, {0, 0}}};
    Store store = MakeStore();
    const InstanceId instance = Instantiate(store, Accesses(plain, 0, false,
                                                            type == kI32             ? Op::kI32Load
                                                            : type == kI64           ? Op::kI64Load
                                                            : type == ValType::F32() ? Op::kF32Load
                                                                                     : Op::kF64Load,
                                                            op));
    const MemoryView view = *store.GetMemory(instance, "memory");
    for (uint64_t at = 0; at < 24; at += 8) ASSERT_TRUE(view.Write<uint64_t>(at, ~uint64_t{0}));
    EXPECT_EQ(Run(store, instance, "s0", {I32(5), ValueOf(type, kPattern)}).outcome, Outcome::kDone);
    for (uint64_t at = 0; at < 24; ++at) {
      const bool is_written = at >= 5 && at < 5 + WidthOf(op);
      const uint8_t expected = is_written ? static_cast<uint8_t>(kPattern >> 8 * (at - 5)) : 0xff;
      EXPECT_EQ(*view.Read<uint8_t>(at), expected) << TextOf(op) << " at " << at;
    }
  }
}

// At the end of the memory, and where address and offset overflow.
TEST_P(MemoryTest, EveryAccessIsChecked) {
  struct Access {
    uint64_t address;
    uint64_t offset;
  };
  std::vector<Op> ops = OpsOf(Family::kLoad);
  for (const Op op : OpsOf(Family::kStore)) ops.push_back(op);
  for (const bool is_64 : {false, true}) {
    const uint64_t most = is_64 ? ~uint64_t{0} : 0xffff'ffff;
    for (const Op op : ops) {
      const uint64_t width = WidthOf(op);
      const std::vector<Access> outside = {{kPage - width + 1, 0},
                                           {0, kPage - width + 1},
                                           {kPage, 0},
                                           {0, kPage},
                                           {most, 0},
                                           {0, most},
                                           {most, most},
                                           {most, 1},
                                           {most - width + 1, 0},
                                           {1, most},
                                           {most - 7, 16},
                                           {most / 2, most / 2 + 2}};
      const std::vector<Access> inside = {{kPage - width, 0}, {0, kPage - width}, {1, kPage - width - 1}};
      ModuleBuilder builder;
      const uint32_t type = builder.AddType({is_64 ? kI64 : kI32}, {});
      builder.AddMemory(Limits{1, 1, is_64});
      const auto add = [&](const std::string& name, const Access& access) {
        Code code = Code().LocalGet(0);
        const bool is_load = InfoOf(op).family == Family::kLoad;
        if (!is_load) {
          switch (TypeOf(InfoOf(op).signature.param(1)).kind()) {
            case ValKind::kI64:
              code.I64Const(1);
              break;
            case ValKind::kF32:
              code.Op(Op::kF32Const).Raw(Bytes(4));
              break;
            case ValKind::kF64:
              code.Op(Op::kF64Const).Raw(Bytes(8));
              break;
            default:
              code.I32Const(1);
              break;
          }
        }
        code.Op(op, {0, access.offset});
        if (is_load) code.Op(Op::kDrop);
        AddExport(builder, name, type, code);
      };
      for (size_t i = 0; i < outside.size(); ++i) add("o" + std::to_string(i), outside[i]);
      for (size_t i = 0; i < inside.size(); ++i) add("i" + std::to_string(i), inside[i]);
      Store store = MakeStore();
      const InstanceId instance = Instantiate(store, builder);
      const auto address = [&](uint64_t at) { return is_64 ? Value::I64(at) : Value::I32(static_cast<uint32_t>(at)); };
      for (size_t i = 0; i < outside.size(); ++i) {
        const Ran ran = Run(store, instance, "o" + std::to_string(i), {address(outside[i].address)});
        EXPECT_EQ(ran.outcome, Outcome::kTrapped)
            << TextOf(op) << " " << outside[i].address << "+" << outside[i].offset;
        EXPECT_EQ(ran.trap, TrapCode::kOutOfBoundsMemory);
      }
      for (size_t i = 0; i < inside.size(); ++i) {
        EXPECT_EQ(Run(store, instance, "i" + std::to_string(i), {address(inside[i].address)}).outcome, Outcome::kDone)
            << TextOf(op) << " " << inside[i].address << "+" << inside[i].offset;
      }
    }
  }
}

// The embedder's span is shorter than the page that the guest declares.
TEST_P(MemoryTest, SpanOfFiveBytes) {
  ModuleBuilder builder;
  const uint32_t reads = builder.AddType({kI32}, {kI32});
  const uint32_t writes = builder.AddType({kI32}, {});
  const uint32_t asks = builder.AddType({}, {kI32});
  builder.AddMemory(Limits{1, 3, false});
  AddExport(builder, "load", reads, Code().LocalGet(0).Load(Op::kI32Load));
  AddExport(builder, "load8", reads, Code().LocalGet(0).Load(Op::kI32Load8U));
  AddExport(builder, "store8", writes, Code().LocalGet(0).I32Const(7).Op(Op::kI32Store8, {0, 0}));
  AddExport(builder, "fill", writes, Code().I32Const(0).I32Const(9).LocalGet(0).Op(Op::kMemoryFill, {0}));
  AddExport(builder, "size", asks, Code().Op(Op::kMemorySize, {0}));
  AddExport(builder, "grow", reads, Code().LocalGet(0).Op(Op::kMemoryGrow, {0}));
  std::array<uint8_t, 5> span{1, 2, 3, 4, 5};
  Store store = MakeStore();
  InstanceOptions options;
  options.memory_span = span;
  const uint64_t given = Fill(store);
  const auto made = store.Instantiate(Load(builder), options);
  ASSERT_TRUE(made);
  ASSERT_EQ(Finish(store, made->run, given).outcome, Outcome::kDone);
  const InstanceId instance = made->instance;
  EXPECT_EQ(span, (std::array<uint8_t, 5>{}));
  EXPECT_EQ(Run(store, instance, "store8", {I32(4)}).outcome, Outcome::kDone);
  EXPECT_EQ(span[4], 7);
  EXPECT_EQ(Run(store, instance, "store8", {I32(5)}).trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(Call(store, instance, "load", {I32(1)}), I32(0x0700'0000));
  EXPECT_EQ(Run(store, instance, "load", {I32(2)}).trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(Run(store, instance, "fill", {I32(6)}).trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(Run(store, instance, "fill", {I32(5)}).outcome, Outcome::kDone);
  EXPECT_EQ(span, (std::array<uint8_t, 5>{9, 9, 9, 9, 9}));
  EXPECT_EQ(Call(store, instance, "size"), I32(1));
  EXPECT_EQ(Call(store, instance, "grow", {I32(2)}), I32(1));
  EXPECT_EQ(Call(store, instance, "grow", {I32(1)}), I32(-1));
  EXPECT_EQ(Call(store, instance, "size"), I32(3));
  EXPECT_EQ(Run(store, instance, "load8", {I32(65536)}).trap, TrapCode::kOutOfBoundsMemory);
}

TEST_P(MemoryTest, GrowthIsSeenAtOnce) {
  for (const uint32_t memory : {0u, 1u}) {
    ModuleBuilder builder;
    const uint32_t unary = builder.AddType({kI32}, {kI32});
    builder.AddMemory(Limits{1, 3, false});
    builder.AddMemory(Limits{1, 3, false});
    const Bytes memarg = memory == 0 ? Bytes{0, 0} : Bytes{0x40, 1, 0};
    // Stores behind the end once the memory has grown, and loads it back.
    AddExport(builder, "f", unary,
              Code()
                  .LocalGet(0)
                  .Op(Op::kMemoryGrow, {memory})
                  .Op(Op::kDrop)
                  .I32Const(65536)
                  .I32Const(1234)
                  .Op(Op::kI32Store)
                  .Raw(memarg)
                  .I32Const(65536)
                  .Op(Op::kI32Load)
                  .Raw(memarg));
    Store store = MakeStore();
    const InstanceId instance = Instantiate(store, builder);
    EXPECT_EQ(Run(store, instance, "f", {I32(3)}).trap, TrapCode::kOutOfBoundsMemory) << memory;
    EXPECT_EQ(Call(store, instance, "f", {I32(1)}), I32(1234)) << memory;
    EXPECT_EQ(Call(store, instance, "f", {I32(5)}), I32(1234)) << memory;
  }
}

// memory.fill, .copy and .init on each of three memories: two of 32 bits and one of 64, all pairs.
TEST_P(MemoryTest, BulkBetweenMemories) {
  constexpr std::array<bool, 3> kIs64 = {false, false, true};
  const auto address = [&](uint32_t memory, int64_t at) {
    return kIs64[memory] ? Code().I64Const(at) : Code().I32Const(static_cast<int32_t>(at));
  };
  for (uint32_t to = 0; to < 3; ++to) {
    for (uint32_t from = 0; from < 3; ++from) {
      ModuleBuilder builder;
      const uint32_t none = builder.AddType({}, {});
      for (const bool is_64 : kIs64) builder.AddMemory(Limits{1, 1, is_64});
      const uint32_t data = builder.AddPassiveData({10, 20, 30, 40, 50});
      builder.AddDataCount();
      const bool is_wide = kIs64[to] && kIs64[from];
      const Code length = is_wide ? Code().I64Const(4) : Code().I32Const(4);
      AddExport(builder, "f", none,
                Code()
                    .Raw(address(from, 100))
                    .I32Const(1)
                    .I32Const(3)
                    .Op(Op::kMemoryInit, {data, from})
                    .Raw(address(from, 103))
                    .I32Const(0xabc)
                    .Raw(address(from, 5))
                    .Op(Op::kMemoryFill, {from})
                    .Raw(address(to, 101))
                    .Raw(address(from, 100))
                    .Raw(length)
                    .Op(Op::kMemoryCopy, {to, from}));
      AddExport(builder, "at_end", none,
                Code().Raw(address(to, 65532)).Raw(address(from, 65532)).Raw(length).Op(Op::kMemoryCopy, {to, from}));
      AddExport(builder, "past_end", none,
                Code().Raw(address(to, 65533)).Raw(address(from, 0)).Raw(length).Op(Op::kMemoryCopy, {to, from}));
      AddExport(builder, "from_past_end", none,
                Code().Raw(address(to, 0)).Raw(address(from, 65533)).Raw(length).Op(Op::kMemoryCopy, {to, from}));
      AddExport(builder, "negative", none,
                Code().Raw(address(to, -1)).Raw(address(from, 0)).Raw(length).Op(Op::kMemoryCopy, {to, from}));
      Store store = MakeStore();
      const InstanceId instance = Instantiate(store, builder);
      EXPECT_EQ(Run(store, instance, "f").outcome, Outcome::kDone);
      std::array<uint8_t, 6> got{};
      ASSERT_TRUE(store.GetMemory(instance, to)->ReadBytes(100, got));
      const uint8_t first = to == from ? 20 : 0;
      const uint8_t last = to == from ? 0xbc : 0;
      EXPECT_EQ(got, (std::array<uint8_t, 6>{first, 20, 30, 40, 0xbc, last})) << to << from;
      EXPECT_EQ(Run(store, instance, "at_end").outcome, Outcome::kDone);
      for (const char* name : {"past_end", "from_past_end", "negative"}) {
        EXPECT_EQ(Run(store, instance, name).trap, TrapCode::kOutOfBoundsMemory) << name << to << from;
      }
    }
  }
}

// Sizes and growth of each memory on its own.
TEST_P(MemoryTest, SizesOfSeveral) {
  ModuleBuilder builder;
  const uint32_t asks = builder.AddType({}, {kI32});
  const uint32_t asks64 = builder.AddType({}, {kI64});
  builder.AddMemory(Limits{1, 9, false});
  builder.AddMemory(Limits{2, 9, true});
  builder.AddMemory(Limits{3, 4, false});
  AddExport(builder, "size0", asks, Code().Op(Op::kMemorySize, {0}));
  AddExport(builder, "size1", asks64, Code().Op(Op::kMemorySize, {1}));
  AddExport(builder, "size2", asks, Code().Op(Op::kMemorySize, {2}));
  AddExport(builder, "grow1", asks64, Code().I64Const(5).Op(Op::kMemoryGrow, {1}));
  AddExport(builder, "grow2", asks, Code().I32Const(2).Op(Op::kMemoryGrow, {2}));
  AddExport(builder, "grow1_far", asks64, Code().I64Const(-1).Op(Op::kMemoryGrow, {1}));
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  EXPECT_EQ(Call(store, instance, "grow1"), I64(2));
  EXPECT_EQ(Call(store, instance, "grow1"), I64(-1));
  EXPECT_EQ(Call(store, instance, "grow1_far"), I64(-1));
  EXPECT_EQ(Call(store, instance, "grow2"), I32(-1));
  EXPECT_EQ(Call(store, instance, "size0"), I32(1));
  EXPECT_EQ(Call(store, instance, "size1"), I64(7));
  EXPECT_EQ(Call(store, instance, "size2"), I32(3));
}

// table.get, .set, .size, .grow, .fill, .copy and .init, with 32 and 64 bits.
TEST_P(MemoryTest, Tables) {
  for (const bool is_64 : {false, true}) {
    const ValType index = is_64 ? kI64 : kI32;
    const auto at = [&](int64_t n) { return is_64 ? Code().I64Const(n) : Code().I32Const(static_cast<int32_t>(n)); };
    const auto value = [&](uint64_t n) { return is_64 ? Value::I64(n) : Value::I32(static_cast<uint32_t>(n)); };
    ModuleBuilder builder;
    const ValType ref = ValType::ExternRef();
    const uint32_t get = builder.AddType({index}, {ref});
    const uint32_t set = builder.AddType({index, ref}, {});
    const uint32_t asks = builder.AddType({}, {index});
    const uint32_t none = builder.AddType({}, {});
    const uint32_t is_null = builder.AddType({index}, {kI32});
    builder.AddTable({ref, Limits{4, 10, is_64}});
    builder.AddTable({ref, Limits{4, 10, is_64}});
    builder.AddTable({ValType::FuncRef(), Limits{3, 3, is_64}});
    const uint32_t nothing = builder.AddFunction(none, Code().End());
    const uint32_t elements = builder.AddPassiveElements({nothing, nothing});
    AddExport(builder, "get", get, Code().LocalGet(0).Op(Op::kTableGet, {0}));
    AddExport(builder, "get1", get, Code().LocalGet(0).Op(Op::kTableGet, {1}));
    AddExport(builder, "set", set, Code().LocalGet(0).LocalGet(1).Op(Op::kTableSet, {0}));
    AddExport(builder, "size", asks, Code().Op(Op::kTableSize, {0}));
    const uint32_t grow = builder.AddType({ref, index}, {index});
    AddExport(builder, "grow", grow, Code().LocalGet(0).LocalGet(1).Op(Op::kTableGrow, {0}));
    AddExport(builder, "fill", set, Code().LocalGet(0).LocalGet(1).Raw(at(2)).Op(Op::kTableFill, {0}));
    AddExport(builder, "copy", none, Code().Raw(at(1)).Raw(at(0)).Raw(at(3)).Op(Op::kTableCopy, {1, 0}));
    AddExport(builder, "init", none, Code().Raw(at(1)).I32Const(0).I32Const(2).Op(Op::kTableInit, {elements, 2}));
    AddExport(builder, "init_far", none, Code().Raw(at(2)).I32Const(0).I32Const(2).Op(Op::kTableInit, {elements, 2}));
    AddExport(builder, "is_null", is_null, Code().LocalGet(0).Op(Op::kTableGet, {2}).Op(Op::kRefIsNull));
    Store store = MakeStore();
    const InstanceId instance = Instantiate(store, builder);
    EXPECT_TRUE(Call(store, instance, "get", {value(3)}).is_null());
    EXPECT_EQ(Run(store, instance, "get", {value(4)}).trap, TrapCode::kOutOfBoundsTable);
    EXPECT_EQ(Run(store, instance, "set", {value(4), Value::ExternRef(1)}).trap, TrapCode::kOutOfBoundsTable);
    EXPECT_EQ(Run(store, instance, "set", {value(3), Value::ExternRef(8)}).outcome, Outcome::kDone);
    EXPECT_EQ(Call(store, instance, "get", {value(3)}), Value::ExternRef(8));
    EXPECT_EQ(Call(store, instance, "grow", {Value::ExternRef(9), value(6)}), value(4));
    EXPECT_EQ(Call(store, instance, "grow", {Value::ExternRef(9), value(1)}), is_64 ? I64(-1) : I32(-1));
    EXPECT_EQ(Call(store, instance, "size"), value(10));
    EXPECT_EQ(Call(store, instance, "get", {value(9)}), Value::ExternRef(9));
    EXPECT_EQ(Run(store, instance, "fill", {value(0), Value::ExternRef(5)}).outcome, Outcome::kDone);
    EXPECT_EQ(Run(store, instance, "fill", {value(9), Value::ExternRef(5)}).trap, TrapCode::kOutOfBoundsTable);
    EXPECT_EQ(Run(store, instance, "copy").outcome, Outcome::kDone);
    EXPECT_TRUE(Call(store, instance, "get1", {value(0)}).is_null());
    EXPECT_EQ(Call(store, instance, "get1", {value(2)}), Value::ExternRef(5));
    EXPECT_TRUE(Call(store, instance, "get1", {value(3)}).is_null());
    EXPECT_EQ(Run(store, instance, "init_far").trap, TrapCode::kOutOfBoundsTable);
    EXPECT_EQ(Call(store, instance, "is_null", {value(2)}), I32(1));
    EXPECT_EQ(Run(store, instance, "init").outcome, Outcome::kDone);
    EXPECT_EQ(Call(store, instance, "is_null", {value(0)}), I32(1));
    EXPECT_EQ(Call(store, instance, "is_null", {value(2)}), I32(0));
  }
}

}  // namespace
}  // namespace sandbox::testing
