// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/exec/ops_table.h"

#include <algorithm>
#include <initializer_list>

#include "gtest/gtest.h"
#include "sandbox/exec/fuel.h"

namespace sandbox {
namespace {

constexpr uint64_t kMax = ~uint64_t{0};

class OpsTableTest : public ::testing::Test {
 protected:
  OpsTableTest() : store_(ImplementationLimits(), budget_), instance_(budget_) {
    AddTable({ValType::FuncRef(), {10, 20, false}});
    AddTable({ValType::FuncRef(), {10, 20, true}});
    EXPECT_TRUE(instance_.tables.Push(instance_.tables[0]));
    EXPECT_TRUE(instance_.elements.Push(Vec<Ref>(budget_)));
    for (Ref ref : {51u, 52u, 53u}) EXPECT_TRUE(instance_.elements[0].Push(ref));
  }
  ~OpsTableTest() override {
    store_.Drop(instance_.tables[0]);
    store_.Drop(instance_.tables[1]);
  }

  void AddTable(TableType type) { EXPECT_TRUE(instance_.tables.Push(*store_.NewTable(type, kNullRef))); }
  bool Holds(TableIdx table, std::initializer_list<Ref> expected) {
    const auto elements = instance_.tables[table]->object.elements();
    return std::equal(expected.begin(), expected.end(), elements.begin());
  }
  void Count() {
    for (Ref i = 0; i < 10; ++i) EXPECT_TRUE(ops::TableSet(instance_, 0, i, i + 1));
  }

  Budget budget_{1 << 30};
  StoreData store_;
  Instance instance_;
};

TEST_F(OpsTableTest, GetAndSetAtTheLastPlaceAndOnePast) {
  EXPECT_TRUE(ops::TableSet(instance_, 0, 9, 77));
  EXPECT_EQ(ops::TableGet(instance_, 0, 9), 77u);
  EXPECT_EQ(ops::TableGet(instance_, 2, 9), 77u);
  EXPECT_EQ(ops::TableGet(instance_, 0, 10).error(), TrapCode::kOutOfBoundsTable);
  EXPECT_EQ(ops::TableSet(instance_, 0, 10, 1).error(), TrapCode::kOutOfBoundsTable);
  EXPECT_FALSE(ops::TableGet(instance_, 1, kMax));
  EXPECT_FALSE(ops::TableSet(instance_, 1, kMax, 1));
}

TEST_F(OpsTableTest, GrowAnswersInTheIndexType) {
  EXPECT_EQ(ops::TableGrow(store_, instance_, 0, 7, 2), 10u);
  EXPECT_EQ(ops::TableGet(instance_, 0, 11), 7u);
  EXPECT_EQ(ops::TableGrow(store_, instance_, 0, 7, 9), 0xffff'ffffu);
  EXPECT_EQ(ops::TableGrow(store_, instance_, 0, 7, 8), 12u);
  EXPECT_EQ(ops::TableGrow(store_, instance_, 1, 7, 11), kMax);
  EXPECT_EQ(ops::TableGrow(store_, instance_, 1, 7, kMax), kMax);
  EXPECT_EQ(ops::TableGrow(store_, instance_, 1, 7, 10), 10u);
}

TEST_F(OpsTableTest, GrowthThatALimitRefusesCostsNothing) {
  EXPECT_EQ(ops::TableGrowCost(store_, instance_, 0, 9), 2u);
  EXPECT_EQ(ops::TableGrowCost(store_, instance_, 0, 10), 2u);
  EXPECT_EQ(ops::TableGrowCost(store_, instance_, 0, 11), 0u);
  store_.limits.table_elements = 12;
  EXPECT_EQ(ops::TableGrowCost(store_, instance_, 0, 2), 1u);
  EXPECT_EQ(ops::TableGrowCost(store_, instance_, 0, 3), 0u);
}

TEST_F(OpsTableTest, FillToTheEndAndOnePast) {
  EXPECT_TRUE(ops::TableFill(instance_, 0, 8, 5, 2));
  EXPECT_TRUE(Holds(0, {0, 0, 0, 0, 0, 0, 0, 0, 5, 5}));
  EXPECT_EQ(ops::TableFill(instance_, 0, 8, 6, 3).error(), TrapCode::kOutOfBoundsTable);
  EXPECT_TRUE(Holds(0, {0, 0, 0, 0, 0, 0, 0, 0, 5, 5}));
  EXPECT_TRUE(ops::TableFill(instance_, 0, 10, 5, 0));
  EXPECT_FALSE(ops::TableFill(instance_, 0, 11, 5, 0));
  EXPECT_FALSE(ops::TableFill(instance_, 1, kMax, 5, 2));
  EXPECT_FALSE(ops::TableFill(instance_, 1, 2, 5, kMax));
}

TEST_F(OpsTableTest, CopyOverlapsInBothDirections) {
  Count();
  EXPECT_TRUE(ops::TableCopy(instance_, 0, 0, 2, 0, 8));
  EXPECT_TRUE(Holds(0, {1, 2, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_TRUE(ops::TableCopy(instance_, 2, 0, 0, 2, 8)) << "one table under two indices";
  EXPECT_TRUE(Holds(0, {1, 2, 3, 4, 5, 6, 7, 8, 7, 8}));
}

TEST_F(OpsTableTest, CopyBetweenTables) {
  Count();
  EXPECT_TRUE(ops::TableCopy(instance_, 1, 0, 7, 0, 3));
  EXPECT_TRUE(Holds(1, {0, 0, 0, 0, 0, 0, 0, 1, 2, 3}));
  EXPECT_FALSE(ops::TableCopy(instance_, 1, 0, 8, 0, 3));
  EXPECT_FALSE(ops::TableCopy(instance_, 0, 1, 0, 8, 3));
  EXPECT_TRUE(ops::TableCopy(instance_, 1, 0, 10, 10, 0));
  EXPECT_FALSE(ops::TableCopy(instance_, 1, 0, 11, 0, 0));
  EXPECT_FALSE(ops::TableCopy(instance_, 1, 0, 0, 11, 0));
  EXPECT_FALSE(ops::TableCopy(instance_, 1, 1, kMax, kMax, kMax));
}

TEST_F(OpsTableTest, InitFromASegmentUntilItIsDropped) {
  EXPECT_TRUE(ops::TableInit(instance_, 0, 0, 8, 1, 2));
  EXPECT_TRUE(Holds(0, {0, 0, 0, 0, 0, 0, 0, 0, 52, 53}));
  EXPECT_EQ(ops::TableInit(instance_, 0, 0, 0, 2, 2).error(), TrapCode::kOutOfBoundsTable);
  EXPECT_FALSE(ops::TableInit(instance_, 0, 0, 9, 0, 2));
  EXPECT_FALSE(ops::TableInit(instance_, 0, 0, 0, ~0u, 2));
  EXPECT_TRUE(ops::TableInit(instance_, 0, 0, 10, 3, 0));
  EXPECT_FALSE(ops::TableInit(instance_, 0, 0, 0, 4, 0));
  const uint64_t used = budget_.used_bytes();
  ops::ElemDrop(instance_, 0);
  EXPECT_LT(budget_.used_bytes(), used) << "a dropped segment gives its memory back";
  EXPECT_TRUE(ops::TableInit(instance_, 0, 0, 0, 0, 0));
  EXPECT_FALSE(ops::TableInit(instance_, 0, 0, 0, 0, 1));
  ops::ElemDrop(instance_, 0);
}

}  // namespace
}  // namespace sandbox
