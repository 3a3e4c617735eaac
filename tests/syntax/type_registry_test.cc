// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/syntax/type_registry.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/syntax/limits.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox {
namespace {

constexpr uint64_t kMaxTypes = 1000;
constexpr uint64_t kMaxDepth = TypeRegistry::kMaxSubtypeDepth;

// A recursion group under construction.
struct Group {
  std::vector<TypeDefinition> types;
  std::vector<FieldType> items;

  Group& Func(const std::vector<ValType>& params, const std::vector<ValType>& results, CanonIdx super = kNoIndex,
              bool is_final = true) {
    for (const ValType type : params) items.push_back({type});
    for (const ValType type : results) items.push_back({type});
    types.push_back({CompositeKind::kFunc, is_final, super, static_cast<uint32_t>(params.size() + results.size()),
                     static_cast<uint32_t>(params.size())});
    return *this;
  }
  Group& Struct(const std::vector<FieldType>& fields, CanonIdx super = kNoIndex, bool is_final = true) {
    items.insert(items.end(), fields.begin(), fields.end());
    types.push_back({CompositeKind::kStruct, is_final, super, static_cast<uint32_t>(fields.size()), 0});
    return *this;
  }
  Group& Array(FieldType field, CanonIdx super = kNoIndex, bool is_final = true) {
    items.push_back(field);
    types.push_back({CompositeKind::kArray, is_final, super, 1, 0});
    return *this;
  }
};

ValType RefTo(CanonIdx index, bool nullable = true) { return ValType::Ref(HeapType::Defined(index), nullable); }
ValType RefToMember(uint32_t i, bool nullable = true) { return RefTo(TypeDefinition::kGroupMember + i, nullable); }

class TypeRegistryTest : public ::testing::Test {
 protected:
  CanonIdx Intern(const Group& group) {
    const auto result = types_.Intern(group.types, group.items, kMaxTypes, kMaxDepth);
    EXPECT_TRUE(result.has_value());
    return result.value_or(kNoIndex);
  }

  Budget budget_{1 << 20};
  TypeRegistry types_{budget_};
};

TEST_F(TypeRegistryTest, EqualDefinitionsAreOneType) {
  const CanonIdx a = Intern(Group().Func({ValType::I32()}, {ValType::I64()}));
  const CanonIdx b = Intern(Group().Func({}, {ValType::I64()}));
  EXPECT_EQ(Intern(Group().Func({ValType::I32()}, {ValType::I64()})), a);
  EXPECT_EQ(Intern(Group().Func({}, {ValType::I64()})), b);
  EXPECT_NE(a, b);
  EXPECT_EQ(types_.size(), 2u);
  EXPECT_EQ(types_.FuncType(a).params.size(), 1u);
  EXPECT_EQ(types_.FuncType(a).results[0], ValType::I64());
  EXPECT_TRUE(types_.FuncType(b).params.empty());
}

TEST_F(TypeRegistryTest, EverythingInADefinitionCounts) {
  const FieldType i8{ValKind::kI8};
  const FieldType i16{ValKind::kI16};
  const FieldType i8_mutable{ValKind::kI8, true};
  const std::vector<Group> all = {
      Group().Struct({i8}),      Group().Struct({i16}),        Group().Struct({i8_mutable}),
      Group().Struct({i8, i8}),  Group().Array(i8),            Group().Struct({i8}, kNoIndex, false),
      Group().Struct({}),        Group().Func({}, {}),         Group().Func({ValType::I32()}, {}),
      Group().Func({}, {ValType::I32()}),
  };
  for (const Group& group : all) Intern(group);
  EXPECT_EQ(types_.size(), all.size());
  for (const Group& group : all) Intern(group);
  EXPECT_EQ(types_.size(), all.size());
}

TEST_F(TypeRegistryTest, RecursionIsComparedByDefinition) {
  const CanonIdx self = Intern(Group().Struct({{RefToMember(0)}}));
  EXPECT_EQ(Intern(Group().Struct({{RefToMember(0)}})), self);
  EXPECT_EQ(types_.Field(self, 0).type, RefTo(self));
  // The same after unrolling once, but not the same definition.
  const CanonIdx outer = Intern(Group().Struct({{RefTo(self)}}));
  EXPECT_NE(outer, self);
  EXPECT_FALSE(types_.IsSubtype(outer, self));
}

TEST_F(TypeRegistryTest, GroupsAreComparedAsAWhole) {
  const CanonIdx pair = Intern(Group().Struct({{RefToMember(1)}}).Struct({{RefToMember(0)}}));
  EXPECT_EQ(types_.GroupSize(pair + 1), 2u);
  EXPECT_EQ(types_.GroupStart(pair + 1), pair);
  const CanonIdx again = Intern(Group().Struct({{RefToMember(1)}}).Struct({{RefToMember(0)}}));
  EXPECT_EQ(again, pair);
  EXPECT_NE(Intern(Group().Struct({{RefToMember(0)}}).Struct({{RefToMember(1)}})), pair);
}

TEST_F(TypeRegistryTest, SubtypingFollowsDeclarations) {
  const CanonIdx top = Intern(Group().Struct({}, kNoIndex, false));
  const CanonIdx middle = Intern(Group().Struct({{ValType::I32()}}, top, false));
  const CanonIdx low = Intern(Group().Struct({{ValType::I32()}, {ValType::I64()}}, middle));
  const CanonIdx other = Intern(Group().Struct({{ValType::I64()}}, top));
  EXPECT_TRUE(types_.IsSubtype(low, low));
  EXPECT_TRUE(types_.IsSubtype(low, middle));
  EXPECT_TRUE(types_.IsSubtype(low, top));
  EXPECT_FALSE(types_.IsSubtype(top, low));
  EXPECT_FALSE(types_.IsSubtype(low, other));
  EXPECT_FALSE(types_.IsSubtype(other, middle));
  for (const CanonIdx type : {top, middle, low, other}) EXPECT_TRUE(types_.CheckSupertype(type).has_value());
  EXPECT_EQ(types_.SuperOf(low), middle);
}

TEST_F(TypeRegistryTest, SupertypesInTheSameGroup) {
  const CanonIdx start = Intern(Group()
                                    .Struct({}, kNoIndex, false)
                                    .Struct({{RefToMember(2)}}, TypeDefinition::kGroupMember, false)
                                    .Struct({{RefToMember(2)}}, TypeDefinition::kGroupMember + 1));
  EXPECT_TRUE(types_.IsSubtype(start + 2, start));
  EXPECT_EQ(types_.SuperOf(start + 2), start + 1);
}

TEST_F(TypeRegistryTest, CheckSupertypeRefusesWhatDoesNotMatch) {
  const CanonIdx final_type = Intern(Group().Struct({}));
  const CanonIdx open = Intern(Group().Struct({{ValType::I32()}, {ValType::I32(), true}}, kNoIndex, false));
  const CanonIdx function = Intern(Group().Func({RefTo(open)}, {RefTo(open)}, kNoIndex, false));
  const std::vector<Group> bad = {
      Group().Struct({}, final_type),
      Group().Struct({{ValType::I32()}}, open),                            // fewer fields
      Group().Struct({{ValType::I64()}, {ValType::I32(), true}}, open),    // another type
      Group().Struct({{ValType::I32()}, {ValType::I32()}}, open),          // mutability
      Group().Array({ValType::I32()}, open),                               // another kind
      Group().Func({RefTo(open, false)}, {RefTo(open)}, function),         // parameters are contravariant
      Group().Func({RefTo(open)}, {ValType::Ref(HeapType::kStruct, true)}, function),  // results are covariant
      Group().Func({RefTo(open)}, {}, function),
      Group().Func({RefTo(open), RefTo(open)}, {RefTo(open)}, function),
  };
  for (size_t i = 0; i < bad.size(); ++i) {
    EXPECT_FALSE(types_.CheckSupertype(Intern(bad[i])).has_value()) << i;
  }
  const CanonIdx good = Intern(
      Group().Func({ValType::Ref(HeapType::kStruct, true)}, {RefTo(open, false)}, function));
  EXPECT_TRUE(types_.CheckSupertype(good).has_value());
}

TEST_F(TypeRegistryTest, DepthOfSupertypesIsLimited) {
  CanonIdx type = Intern(Group().Struct({}, kNoIndex, false));
  for (uint64_t depth = 1; depth <= 3; ++depth) {
    const auto next = types_.Intern(Group().Struct({}, type, false).types, {}, kMaxTypes, 3);
    ASSERT_TRUE(next.has_value());
    type = *next;
  }
  const uint32_t size = types_.size();
  const auto refused = types_.Intern(Group().Struct({}, type, false).types, {}, kMaxTypes, 3);
  EXPECT_EQ(refused.error(), (Error{ErrorCode::kLimitExceeded, static_cast<uint32_t>(LimitId::subtype_depth)}));
  EXPECT_EQ(types_.size(), size);
}

TEST_F(TypeRegistryTest, NumberOfTypesIsLimited) {
  ASSERT_TRUE(types_.Intern(Group().Struct({}).types, {}, 2, kMaxDepth).has_value());
  const Group two = Group().Struct({}, kNoIndex, false).Struct({});
  EXPECT_FALSE(types_.Intern(two.types, two.items, 2, kMaxDepth).has_value());
  EXPECT_EQ(types_.size(), 1u);
  // What is there already needs no room.
  EXPECT_TRUE(types_.Intern(Group().Struct({}).types, {}, 1, kMaxDepth).has_value());
}

TEST_F(TypeRegistryTest, AbstractHeapTypesFormFourHierarchies) {
  const auto matches = [&](HeapType sub, HeapType super) { return types_.Matches(sub, super); };
  const std::vector<HeapType::Abstract> any = {HeapType::kAny,    HeapType::kEq,    HeapType::kI31,
                                               HeapType::kStruct, HeapType::kArray, HeapType::kNone};
  for (const auto type : any) {
    EXPECT_TRUE(matches(type, HeapType::kAny));
    EXPECT_TRUE(matches(HeapType::kNone, type));
    EXPECT_EQ(types_.TopOf(type), HeapType::kAny);
    EXPECT_FALSE(matches(type, HeapType::kFunc));
    EXPECT_FALSE(matches(type, HeapType::kExtern));
  }
  EXPECT_TRUE(matches(HeapType::kI31, HeapType::kEq));
  EXPECT_FALSE(matches(HeapType::kAny, HeapType::kEq));
  EXPECT_FALSE(matches(HeapType::kI31, HeapType::kStruct));
  EXPECT_FALSE(matches(HeapType::kStruct, HeapType::kArray));
  EXPECT_TRUE(matches(HeapType::kNoFunc, HeapType::kFunc));
  EXPECT_TRUE(matches(HeapType::kNoExtern, HeapType::kExtern));
  EXPECT_TRUE(matches(HeapType::kNoExn, HeapType::kExn));
  EXPECT_FALSE(matches(HeapType::kNone, HeapType::kExn));
  EXPECT_EQ(types_.TopOf(HeapType::kNoExn), HeapType::kExn);
  EXPECT_EQ(types_.TopOf(HeapType::kNoFunc), HeapType::kFunc);
  EXPECT_EQ(types_.TopOf(HeapType::kNoExtern), HeapType::kExtern);
}

TEST_F(TypeRegistryTest, DefinedTypesLieBetweenAbstractOnes) {
  const CanonIdx func = Intern(Group().Func({}, {}));
  const CanonIdx structure = Intern(Group().Struct({}));
  const CanonIdx array = Intern(Group().Array({ValType::I32()}));
  const auto matches = [&](HeapType sub, HeapType super) { return types_.Matches(sub, super); };
  EXPECT_TRUE(matches(HeapType::Defined(func), HeapType::kFunc));
  EXPECT_FALSE(matches(HeapType::Defined(func), HeapType::kAny));
  EXPECT_TRUE(matches(HeapType::kNoFunc, HeapType::Defined(func)));
  EXPECT_FALSE(matches(HeapType::kNone, HeapType::Defined(func)));
  EXPECT_TRUE(matches(HeapType::Defined(structure), HeapType::kStruct));
  EXPECT_TRUE(matches(HeapType::Defined(structure), HeapType::kEq));
  EXPECT_FALSE(matches(HeapType::Defined(structure), HeapType::kArray));
  EXPECT_TRUE(matches(HeapType::Defined(array), HeapType::kArray));
  EXPECT_TRUE(matches(HeapType::kNone, HeapType::Defined(array)));
  EXPECT_FALSE(matches(HeapType::kStruct, HeapType::Defined(structure)));
  EXPECT_TRUE(matches(HeapType::kBottom, HeapType::Defined(array)));
  EXPECT_EQ(types_.TopOf(HeapType::Defined(func)), HeapType::kFunc);
  EXPECT_EQ(types_.TopOf(HeapType::Defined(array)), HeapType::kAny);
}

TEST_F(TypeRegistryTest, ValueTypesMatchByNullability) {
  const ValType null = ValType::Ref(HeapType::kEq, true);
  const ValType non_null = ValType::Ref(HeapType::kEq, false);
  EXPECT_TRUE(types_.Matches(non_null, null));
  EXPECT_FALSE(types_.Matches(null, non_null));
  EXPECT_TRUE(types_.Matches(ValType(), non_null));
  EXPECT_TRUE(types_.Matches(ValType::I32(), ValType::I32()));
  EXPECT_FALSE(types_.Matches(ValType::I32(), ValType::I64()));
  EXPECT_FALSE(types_.Matches(ValType::I32(), null));
}

TEST_F(TypeRegistryTest, ExternTypesMatch) {
  const auto memory = [](uint64_t min, std::optional<uint64_t> max, bool is_64 = false) {
    ExternType type;
    type.kind = ExternKind::kMemory;
    type.memory.limits = {min, max, is_64};
    return type;
  };
  EXPECT_TRUE(types_.Matches(memory(2, 3), memory(1, 4)));
  EXPECT_TRUE(types_.Matches(memory(2, {}), memory(1, {})));
  EXPECT_FALSE(types_.Matches(memory(2, {}), memory(1, 4)));
  EXPECT_FALSE(types_.Matches(memory(0, 3), memory(1, 4)));
  EXPECT_FALSE(types_.Matches(memory(2, 5), memory(1, 4)));
  EXPECT_FALSE(types_.Matches(memory(2, 3, true), memory(1, 4)));

  const auto global = [](ValType value, bool is_mutable) {
    ExternType type;
    type.kind = ExternKind::kGlobal;
    type.global = {value, is_mutable};
    return type;
  };
  const ValType non_null = ValType::Ref(HeapType::kFunc, false);
  EXPECT_TRUE(types_.Matches(global(non_null, false), global(ValType::FuncRef(), false)));
  EXPECT_FALSE(types_.Matches(global(non_null, true), global(ValType::FuncRef(), true)));
  EXPECT_FALSE(types_.Matches(global(ValType::I32(), true), global(ValType::I32(), false)));
  EXPECT_FALSE(types_.Matches(global(ValType::I32(), false), memory(0, {})));

  ExternType table;
  table.kind = ExternKind::kTable;
  table.table = {ValType::FuncRef(), {1, 2, false}};
  ExternType other = table;
  EXPECT_TRUE(types_.Matches(table, other));
  other.table.element = non_null;
  EXPECT_FALSE(types_.Matches(table, other));
  EXPECT_FALSE(types_.Matches(other, table));

  ExternType function;
  function.kind = ExternKind::kFunc;
  function.type = Intern(Group().Func({}, {}, kNoIndex, false));
  ExternType sub = function;
  sub.type = Intern(Group().Func({}, {}, function.type));
  EXPECT_TRUE(types_.Matches(sub, function));
  EXPECT_FALSE(types_.Matches(function, sub));
  function.kind = sub.kind = ExternKind::kTag;
  EXPECT_FALSE(types_.Matches(sub, function));
  EXPECT_TRUE(types_.Matches(sub, sub));
}

TEST_F(TypeRegistryTest, InternAllCarriesTypesToAnotherRegistry) {
  Budget store_budget(1 << 20);
  TypeRegistry store(store_budget);
  ASSERT_TRUE(store.Intern(Group().Func({}, {ValType::F32()}).types, Group().Func({}, {ValType::F32()}).items,
                           kMaxTypes, kMaxDepth)
                  .has_value());
  const CanonIdx base = Intern(Group().Struct({{RefToMember(0)}}, kNoIndex, false));
  const CanonIdx pair = Intern(Group().Struct({{RefToMember(1)}, {RefTo(base)}}, base, false).Array({RefToMember(0)}));
  Vec<CanonIdx> map(store_budget);
  ASSERT_TRUE(store.InternAll(types_, map, kMaxTypes).has_value());
  ASSERT_EQ(map.size(), types_.size());
  EXPECT_EQ(store.SuperOf(map[pair]), map[base]);
  EXPECT_EQ(store.Field(map[pair], 0).type, RefTo(map[pair] + 1));
  EXPECT_EQ(store.Field(map[pair], 1).type, TypeRegistry::Rename(RefTo(base), map.span()));
  EXPECT_TRUE(store.IsSubtype(map[pair], map[base]));
  // Once more: the same types.
  const uint32_t size = store.size();
  Vec<CanonIdx> again(store_budget);
  ASSERT_TRUE(store.InternAll(types_, again, kMaxTypes).has_value());
  EXPECT_EQ(store.size(), size);
  EXPECT_TRUE(std::equal(map.begin(), map.end(), again.begin(), again.end()));
  EXPECT_EQ(TypeRegistry::Rename(ValType::I32(), map.span()), ValType::I32());
}

TEST_F(TypeRegistryTest, ManyTypesStayApart) {
  for (int round = 0; round < 2; ++round) {
    for (uint32_t i = 0; i < 900; ++i) {
      std::vector<ValType> params;
      for (uint32_t bits = i; bits != 0; bits >>= 1) params.push_back(bits & 1 ? ValType::I32() : ValType::I64());
      EXPECT_EQ(Intern(Group().Func(params, {})), i);
    }
  }
}

TEST(TypeRegistryAllocationTest, RefusedMemoryLeavesTheRegistryAsItWas) {
  testing::FailingAllocator allocator;
  Budget budget(1 << 20, &allocator);
  for (uint64_t n = 0;; ++n) {
    TypeRegistry types(budget);
    ASSERT_TRUE(types.Intern(Group().Struct({}, kNoIndex, false).types, {}, kMaxTypes, kMaxDepth).has_value());
    const Group group = Group()
                            .Struct({{ValType::I32()}, {ValType::I64()}, {ValType::I64()}}, 0, false)
                            .Struct(std::vector<FieldType>(20, {ValType::I32()}))
                            .Struct({})
                            .Func({}, {});
    allocator.FailAt(n);
    const auto result = types.Intern(group.types, group.items, kMaxTypes, kMaxDepth);
    const bool has_failed = allocator.has_failed();
    allocator.FailNever();
    EXPECT_EQ(result.has_value(), !has_failed);
    if (!has_failed) break;
    EXPECT_EQ(result.error().code, ErrorCode::kOutOfMemory);
    EXPECT_EQ(types.size(), 1u);
    EXPECT_EQ(types.Intern(group.types, group.items, kMaxTypes, kMaxDepth), CanonIdx{1});
  }
}

}  // namespace
}  // namespace sandbox
