// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/inplace/forms.h"

#include <cstdlib>
#include <iostream>
#include <utility>

namespace sandbox::testing {
namespace {

constexpr uint64_t kFullTank = uint64_t{1} << 50;

template <typename T>
T Must(Result<T> result) {
  if (!result) {
    char text[256];
    std::cerr << FormatError(result.error(), text) << std::endl;
    std::abort();
  }
  return std::move(*result);
}

}  // namespace

std::vector<Form> AllForms() {
  std::vector<Form> forms = {{"InPlaceLoopAtOnce", Tier::kInPlace, Dispatch::kLoop, false},
                             {"InPlaceLoopInSteps", Tier::kInPlace, Dispatch::kLoop, true}};
  if (kFastTier) {
    forms.push_back({"FastLoopAtOnce", Tier::kFast, Dispatch::kLoop, false});
    forms.push_back({"FastLoopInSteps", Tier::kFast, Dispatch::kLoop, true});
    forms.push_back({"AutoAtOnce", Tier::kAuto, Dispatch::kDefault, false});
    forms.push_back({"AutoInSteps", Tier::kAuto, Dispatch::kDefault, true});
  }
  if (kFastTier && kTailDispatch) {
    forms.push_back({"FastTailAtOnce", Tier::kFast, Dispatch::kTail, false});
    forms.push_back({"FastTailInSteps", Tier::kFast, Dispatch::kTail, true});
  }
  if (kTailDispatch) {
    forms.push_back({"InPlaceTailAtOnce", Tier::kInPlace, Dispatch::kTail, false});
    forms.push_back({"InPlaceTailInSteps", Tier::kInPlace, Dispatch::kTail, true});
  }
  return forms;
}

std::string NameOf(const ::testing::TestParamInfo<Form>& info) { return info.param.name; }

Config FormTest::MakeConfig() const {
  Config config;
  config.tier = GetParam().tier;
  config.dispatch = GetParam().dispatch;
  return config;
}

Store FormTest::MakeStore(const Config& config) const { return Must(Store::Create(config)); }

Module FormTest::Load(const ModuleBuilder& builder) {
  bytes_.push_back(builder.Build());
  return Must(Module::Load(bytes_.back()));
}

InstanceId FormTest::Instantiate(Store& store, const ModuleBuilder& builder) {
  const uint64_t given = Fill(store);
  const Instantiation made = Must(store.Instantiate(Load(builder)));
  const Ran ran = Finish(store, made.run, given);
  EXPECT_EQ(ran.outcome, Outcome::kDone);
  return made.instance;
}

uint64_t FormTest::Fill(Store& store) const {
  const uint64_t given = GetParam().is_stepped ? 0 : kFullTank;
  store.SetFuel(given);
  return given;
}

// Stepped: at each pause the tank is empty, so the cost that is reported is that of one instruction. It is paid unit by
// unit, and nothing may happen before the last.
Ran FormTest::Finish(Store& store, Result<RunResult> run, uint64_t given) const {
  Ran ran;
  while (run && run->outcome() == Outcome::kOutOfFuel && GetParam().is_stepped) {
    const uint64_t cost = run->fuel_needed();
    EXPECT_EQ(store.fuel(), 0u);
    ran.costs.push_back(cost);
    for (uint64_t paid = 0; paid < cost;) {
      const uint64_t portion = paid < 8 || cost - paid == 1 ? 1 : cost - paid - 1;
      store.AddFuel(portion);
      paid += portion;
      given += portion;
      run = run->Resume();
      if (!run || paid == cost) break;
      EXPECT_EQ(run->outcome(), Outcome::kOutOfFuel);
      EXPECT_EQ(run->fuel_needed(), cost);
      EXPECT_EQ(store.fuel(), paid);
    }
  }
  if (!run) {
    ADD_FAILURE() << TextOf(run.error().code);
    return ran;
  }
  ran.outcome = run->outcome();
  ran.fuel = given - store.fuel();
  ran.values.assign(run->values().begin(), run->values().end());
  if (run->is_trapped()) ran.trap = run->trap().code;
  return ran;
}

Ran FormTest::Run(Store& store, const FuncHandle& function, std::span<const Value> arguments) const {
  const uint64_t given = Fill(store);
  return Finish(store, store.Invoke(function, arguments), given);
}

Ran FormTest::Run(Store& store, InstanceId instance, std::string_view name,
                  std::initializer_list<Value> arguments) const {
  const uint64_t given = Fill(store);
  return Finish(store, store.Invoke(instance, name, arguments), given);
}

Value FormTest::Call(Store& store, InstanceId instance, std::string_view name,
                     std::initializer_list<Value> arguments) const {
  const Ran ran = Run(store, instance, name, arguments);
  EXPECT_EQ(ran.outcome, Outcome::kDone);
  EXPECT_EQ(ran.values.size(), 1u);
  return ran.values.empty() ? Value::ExternRef(0xdead) : ran.values[0];
}

uint32_t AddExport(ModuleBuilder& builder, std::string_view name, uint32_t type, Code code,
                   const std::vector<std::pair<uint32_t, ValType>>& locals) {
  const uint32_t function = builder.AddFunction(type, code.End(), locals);
  builder.ExportFunction(name, function);
  return function;
}

Code Repeat(size_t count, const Code& code) {
  Code all;
  for (size_t i = 0; i < count; ++i) all.Raw(code);
  return all;
}

std::vector<ValType> I32s(size_t count) { return std::vector<ValType>(count, ValType::I32()); }

}  // namespace sandbox::testing
