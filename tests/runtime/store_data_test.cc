// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/runtime/store_data.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox {
namespace {

using ::sandbox::testing::FailingAllocator;
using ::sandbox::testing::ForEachRefusal;

constexpr ValType kI32[] = {ValType::I32(), ValType::I32(), ValType::I32()};

int ended_contexts = 0;
void EndContext(Budget&, void*) { ++ended_contexts; }

class StoreDataTest : public ::testing::Test {
 protected:
  StoreDataTest() : module_(budget_), store_(limits_, budget_) {
    EXPECT_TRUE(module_.functions.Resize(3));
    store_.release_module = [](void* released) { ++*static_cast<int*>(released); };
  }

  CanonIdx Type(size_t params, size_t results) {
    return *store_.InternFuncType(std::span(kI32).first(params), std::span(kI32).first(results));
  }

  // Registers an instance with the functions of module_, as linking does.
  Instance* Register() {
    Instance* instance = *budget_.New<Instance>(budget_);
    instance->id = static_cast<uint32_t>(store_.instances.size());
    instance->module = &module_;
    instance->keep_alive = &released_;
    instance->first_function = static_cast<FuncAddr>(store_.functions.size());
    for (size_t i = 0; i < module_.functions.size(); ++i) {
      EXPECT_TRUE(store_.functions.Push({instance->id, 0}));
    }
    EXPECT_TRUE(store_.instances.Push(instance));
    ++store_.live_instances;
    return instance;
  }

  FailingAllocator allocator_;
  Budget budget_{1 << 30, &allocator_};
  ImplementationLimits limits_;
  int released_ = 0;
  ModuleData module_;
  StoreData store_;
};

TEST_F(StoreDataTest, InternsFunctionTypesOnce) {
  const CanonIdx type = Type(2, 1);
  EXPECT_EQ(Type(2, 1), type);
  EXPECT_NE(Type(1, 2), type);
  EXPECT_NE(Type(3, 0), type);
  EXPECT_EQ(store_.types.FuncType(type).params.size(), 2u);
  EXPECT_EQ(store_.types.FuncType(type).results.size(), 1u);
}

TEST_F(StoreDataTest, TypeLimitsAtAndOnePast) {
  store_.limits.store_types = 2;
  store_.limits.params = 2;
  store_.limits.results = 1;
  Type(0, 0);
  Type(2, 1);
  const auto third = store_.InternFuncType(std::span(kI32).first(1), {});
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().detail, static_cast<uint32_t>(LimitId::store_types));
  EXPECT_EQ(store_.InternFuncType(kI32, {}).error().detail, static_cast<uint32_t>(LimitId::params));
  EXPECT_EQ(store_.InternFuncType({}, std::span(kI32).first(2)).error().detail,
            static_cast<uint32_t>(LimitId::results));
  Type(2, 1);  // one that is there
}

TEST_F(StoreDataTest, HostFunctionsAreFoundByBothNames) {
  const CanonIdx type = Type(1, 1);
  EXPECT_EQ(*store_.AddHostFunction("env", "a", type), 0u);
  EXPECT_EQ(*store_.AddHostFunction("env", "b", type), 1u);
  EXPECT_EQ(*store_.AddHostFunction("en", "va", type), 2u);
  EXPECT_EQ(*store_.AddHostFunction("", "", type), 3u);
  EXPECT_EQ(store_.FindHostLink("env", "b"), (LinkRef{LinkKind::kHostFunction, 1}));
  EXPECT_EQ(store_.FindHostLink("en", "va"), (LinkRef{LinkKind::kHostFunction, 2}));
  EXPECT_EQ(store_.FindHostLink("", ""), (LinkRef{LinkKind::kHostFunction, 3}));
  EXPECT_FALSE(store_.FindHostLink("env", "c"));
  const HostFunction& function = store_.host_functions[1];
  EXPECT_TRUE(store_.functions[function.address].is_host());
  EXPECT_EQ(store_.functions[function.address].host_number(), 1u);
  EXPECT_EQ(store_.functions[function.address].type, type);
}

TEST_F(StoreDataTest, ANameIsLinkedOnce) {
  ASSERT_TRUE(store_.AddHostFunction("env", "x", Type(0, 0)));
  EXPECT_EQ(store_.AddHostFunction("env", "x", Type(0, 0)).error().code, ErrorCode::kDuplicateLink);
  SharedGlobal* global = *store_.NewGlobal({ValType::I32(), true}, 5);
  EXPECT_EQ(store_.AddHostGlobal("env", "x", global).error().code, ErrorCode::kDuplicateLink);
  ASSERT_TRUE(store_.AddHostGlobal("env", "y", global));
  EXPECT_EQ(store_.AddHostFunction("env", "y", Type(0, 0)).error().code, ErrorCode::kDuplicateLink);
  EXPECT_EQ(store_.host_functions.size(), 1u);
  EXPECT_EQ(store_.functions.size(), 1u);
}

TEST_F(StoreDataTest, HostObjectsOfAllKinds) {
  ASSERT_TRUE(store_.AddHostMemory("m", "memory", *store_.NewMemory({{1, {}, false}}, std::nullopt)));
  ASSERT_TRUE(store_.AddHostTable("m", "table", *store_.NewTable({ValType::FuncRef(), {2, {}, false}}, kNullRef)));
  ASSERT_TRUE(store_.AddHostTag("m", "tag", *store_.NewTag(Type(1, 0))));
  const auto memory = store_.FindHostLink("m", "memory");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->kind, LinkKind::kHostObject);
  EXPECT_EQ(store_.host_objects[memory->number].memory->object.pages(), 1u);
  EXPECT_EQ(store_.host_objects[store_.FindHostLink("m", "tag")->number].kind, ExternKind::kTag);
}

TEST_F(StoreDataTest, LinkLimitsAtAndOnePast) {
  store_.limits.host_functions = 2;
  store_.limits.host_objects = 1;
  ASSERT_TRUE(store_.AddHostFunction("", "a", Type(0, 0)));
  ASSERT_TRUE(store_.AddHostFunction("", "b", Type(0, 0)));
  EXPECT_EQ(store_.AddHostFunction("", "c", Type(0, 0)).error().detail,
            static_cast<uint32_t>(LimitId::host_functions));
  ASSERT_TRUE(store_.AddHostTag("", "d", *store_.NewTag(Type(0, 0))));
  EXPECT_EQ(store_.AddHostTag("", "e", 0).error().detail, static_cast<uint32_t>(LimitId::host_objects));
  store_.limits.host_functions = 100;
  store_.limits.store_functions = 3;
  ASSERT_TRUE(store_.AddHostFunction("", "c", Type(0, 0)));
  EXPECT_EQ(store_.AddHostFunction("", "f", Type(0, 0)).error().detail,
            static_cast<uint32_t>(LimitId::store_functions));
  EXPECT_FALSE(store_.FindHostLink("", "f"));
}

TEST_F(StoreDataTest, CatchAllMakesOneFunctionForEachNameAndType) {
  EXPECT_FALSE(store_.IsCatchAll("env"));
  ASSERT_TRUE(store_.AddCatchAll("env"));
  EXPECT_TRUE(store_.IsCatchAll("env"));
  EXPECT_FALSE(store_.IsCatchAll("en"));
  EXPECT_EQ(store_.AddCatchAll("env").error().code, ErrorCode::kDuplicateLink);
  const uint32_t first = *store_.CatchAllFunction("env", "f", Type(0, 1));
  EXPECT_EQ(*store_.CatchAllFunction("env", "f", Type(0, 1)), first);
  EXPECT_NE(*store_.CatchAllFunction("env", "f", Type(1, 1)), first);
  EXPECT_NE(*store_.CatchAllFunction("env", "g", Type(0, 1)), first);
  EXPECT_EQ(store_.host_functions.size(), 3u);
  EXPECT_EQ(store_.host_functions[first].thunk, nullptr);
  // Not an explicit link, so that one can still be made.
  EXPECT_FALSE(store_.FindHostLink("env", "f"));
  EXPECT_TRUE(store_.AddHostFunction("env", "f", Type(0, 1)));
}

TEST_F(StoreDataTest, TruncatedFunctionsAreForgotten) {
  ended_contexts = 0;
  ASSERT_TRUE(store_.AddCatchAll("env"));
  ASSERT_TRUE(store_.AddHostFunction("env", "a", Type(0, 0), nullptr, nullptr, EndContext));
  ASSERT_TRUE(store_.AddHostFunction("env", "b", Type(0, 0), nullptr, nullptr, EndContext));
  ASSERT_TRUE(store_.CatchAllFunction("env", "c", Type(0, 0)));
  store_.TruncateHostFunctions(1);
  EXPECT_EQ(ended_contexts, 1);
  EXPECT_TRUE(store_.FindHostLink("env", "a"));
  EXPECT_FALSE(store_.FindHostLink("env", "b"));
  EXPECT_TRUE(store_.functions[1].is_dead());
  EXPECT_TRUE(store_.functions[2].is_dead());
  EXPECT_EQ(*store_.CatchAllFunction("env", "c", Type(0, 0)), 1u) << "made anew";
  store_.DestroyLinks();
  EXPECT_EQ(ended_contexts, 2);
}

TEST_F(StoreDataTest, NamesAreUniqueAndTheNewestWins) {
  Instance* first = Register();
  Instance* second = Register();
  ASSERT_TRUE(store_.SetInstanceName(*first, "a"));
  EXPECT_EQ(store_.FindInstance("a"), first);
  ASSERT_TRUE(store_.SetInstanceName(*second, "a"));
  EXPECT_EQ(store_.FindInstance("a"), second);
  EXPECT_TRUE(first->name.empty());
  ASSERT_TRUE(store_.SetInstanceName(*second, "b"));
  EXPECT_EQ(store_.FindInstance("a"), nullptr);
  EXPECT_EQ(store_.FindInstance("b"), second);
  ASSERT_TRUE(store_.SetInstanceName(*second, "b"));
  EXPECT_EQ(store_.FindInstance("b"), second);
  ASSERT_TRUE(store_.SetInstanceName(*second, ""));
  EXPECT_EQ(store_.FindInstance("b"), nullptr);
  EXPECT_EQ(store_.FindInstance(""), nullptr);
}

TEST_F(StoreDataTest, RefusedNameChangesNothing) {
  Instance* instance = Register();
  ASSERT_TRUE(store_.SetInstanceName(*instance, "old"));
  const uint64_t refused = [&] {
    uint64_t n = 0;
    for (;; ++n) {
      allocator_.FailAt(n);
      const auto renamed = store_.SetInstanceName(*instance, "new");
      allocator_.FailNever();
      if (renamed) return n;
      EXPECT_EQ(store_.FindInstance("old"), instance);
      EXPECT_EQ(store_.FindInstance("new"), nullptr);
    }
  }();
  EXPECT_GE(refused, 1u);
  EXPECT_EQ(store_.FindInstance("new"), instance);
}

TEST_F(StoreDataTest, DestroyedInstance) {
  Instance* keeper = Register();
  Instance* instance = Register();
  ASSERT_TRUE(store_.SetInstanceName(*instance, "a"));
  SharedMemory* memory = *store_.NewMemory({{1, {}, false}}, std::nullopt);
  ASSERT_TRUE(instance->memories.Push(memory));
  ASSERT_TRUE(keeper->memories.Push(memory));
  memory->holders = 2;
  const FuncAddr function = instance->AddressOf(1);
  const uint32_t id = instance->id;
  store_.DestroyInstance(instance);
  EXPECT_EQ(released_, 1);
  EXPECT_EQ(store_.InstanceAt(id), nullptr);
  EXPECT_EQ(store_.InstanceAt(id + 1), nullptr);
  EXPECT_EQ(store_.FindInstance("a"), nullptr);
  EXPECT_TRUE(store_.functions[function].is_dead());
  EXPECT_FALSE(store_.functions[keeper->AddressOf(0)].is_dead());
  EXPECT_EQ(store_.live_instances, 1u);
  EXPECT_EQ(memory->holders, 1u);
  EXPECT_EQ(memory->object.pages(), 1u);
}

TEST_F(StoreDataTest, ResetKeepsLinksAndFreesAddresses) {
  ASSERT_TRUE(store_.AddHostFunction("env", "a", Type(0, 0)));
  ASSERT_TRUE(store_.AddCatchAll("env"));
  for (int round = 0; round < 100; ++round) {
    Instance* instance = Register();
    EXPECT_EQ(instance->id, 0u);
    EXPECT_EQ(instance->first_function, 1u);
    ASSERT_TRUE(store_.CatchAllFunction("env", "f" + std::to_string(round), Type(0, 0)));
    store_.moved_bytes = 77;
    store_.DestroyInstances();
    EXPECT_EQ(store_.moved_bytes, 0u);
  }
  EXPECT_EQ(released_, 100);
  EXPECT_EQ(store_.functions.size(), 1u);
  EXPECT_EQ(store_.host_functions.size(), 1u);
  EXPECT_TRUE(store_.FindHostLink("env", "a"));
  EXPECT_TRUE(store_.IsCatchAll("env"));
}

TEST_F(StoreDataTest, ResetKeepsAddressesThatAHostTableOrGlobalStillNames) {
  SharedTable* table = *store_.NewTable({ValType::FuncRef(), {4, {}, false}}, kNullRef);
  ASSERT_TRUE(store_.AddHostTable("env", "table", table));
  SharedTable* handles = *store_.NewTable({ValType::ExternRef(), {1, {}, false}}, RefOfAddress(1'000'000));
  ASSERT_TRUE(store_.AddHostTable("env", "handles", handles));
  SharedGlobal* global = *store_.NewGlobal({ValType::FuncRef(), true}, 0);
  ASSERT_TRUE(store_.AddHostGlobal("env", "global", global));

  Instance* instance = Register();
  table->object.elements()[2] = RefOfAddress(instance->AddressOf(1));
  store_.DestroyInstances();
  EXPECT_EQ(store_.functions.size(), 2u) << "up to the one that the table names";
  EXPECT_TRUE(store_.functions[1].is_dead());

  instance = Register();
  EXPECT_EQ(instance->first_function, 2u);
  global->object.value = RefOfAddress(instance->AddressOf(2));
  store_.DestroyInstances();
  EXPECT_EQ(store_.functions.size(), 5u);

  table->object.elements()[2] = kNullRef;
  global->object.value = kNullRef;
  store_.DestroyInstances();
  EXPECT_EQ(store_.functions.size(), 0u);
}

TEST_F(StoreDataTest, ResetOfTags) {
  ASSERT_TRUE(store_.AddHostTag("env", "tag", *store_.NewTag(Type(0, 0))));
  ASSERT_TRUE(store_.NewTag(Type(1, 0)));
  store_.DestroyInstances();
  EXPECT_EQ(store_.tags.size(), 1u);
  store_.DestroyLinks();
  EXPECT_EQ(store_.tags.size(), 0u);
}

TEST_F(StoreDataTest, FreshAfterDestroyLinks) {
  ASSERT_TRUE(store_.AddHostFunction("env", "a", Type(2, 1)));
  ASSERT_TRUE(store_.AddHostMemory("env", "m", *store_.NewMemory({{1, {}, false}}, std::nullopt)));
  Register();
  store_.DestroyInstances();
  store_.DestroyLinks();
  EXPECT_EQ(store_.types.size(), 0u);
  EXPECT_FALSE(store_.FindHostLink("env", "a"));
  EXPECT_FALSE(store_.FindHostLink("env", "m"));
  EXPECT_TRUE(store_.AddHostFunction("env", "a", Type(2, 1)));
}

// Every single refusal, and every point from which on all is refused: errors of class memory, nothing changed, no leak.
TEST(StoreDataAllocationTest, EachRefusal) {
  for (bool and_all_later : {false, true}) {
    const uint64_t refused = ForEachRefusal(
        [](FailingAllocator& allocator) {
          Budget budget(1 << 30, &allocator);
          StoreData store(ImplementationLimits(), budget);
          const auto is_refusal = [&](const Error& error) {
            EXPECT_EQ(ClassOf(error.code), ErrorClass::kMemory);
            return true;
          };
          for (int i = 0; i < 14; ++i) {
            const std::string name = "name " + std::to_string(i);
            const auto type = store.InternFuncType(std::span(kI32).first(static_cast<size_t>(i % 4)), {});
            if (!type && is_refusal(type.error())) continue;
            const size_t functions = store.functions.size();
            const auto added = store.AddHostFunction("env", name, *type);
            EXPECT_EQ(store.functions.size(), functions + added.has_value());
            EXPECT_EQ(store.host_functions.size(), store.functions.size());
            EXPECT_EQ(store.FindHostLink("env", name).has_value(), added.has_value());
            if (!added) is_refusal(added.error());
          }
          const auto memory = store.NewMemory({{1, {}, false}}, std::nullopt);
          if (!memory && is_refusal(memory.error())) return;
          const auto linked = store.AddHostMemory("env", "memory", *memory);
          if (!linked && is_refusal(linked.error())) store.Drop(*memory);
          const auto catch_all = store.AddCatchAll("env");
          EXPECT_EQ(store.IsCatchAll("env"), catch_all.has_value());
        },
        and_all_later);
    EXPECT_GT(refused, 20u);
  }
}

}  // namespace
}  // namespace sandbox
