// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Runs, frames, fuel slices and interrupts, under a tier that does what the test's script says instead of running code.
#include "sandbox/exec/machine.h"

#include <deque>
#include <functional>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/exec/instantiate.h"
#include "tests/exec/hand_made_module.h"

namespace sandbox {
namespace {

using ::sandbox::testing::HandMadeModule;
using Outcome = Machine::Outcome;

// What the tier does each time it is entered. A tier is a plain function, so its script is reached through a static.
using Step = std::function<Exit(Machine&)>;
std::deque<Step>& Script() {
  static std::deque<Step> script;
  return script;
}
Exit ScriptedTier(Machine& machine) {
  if (Script().empty()) return Exit::kDone;
  const Step step = Script().front();
  Script().pop_front();
  return step(machine);
}

// Charges as a handler does.
Step Charges(uint64_t units) {
  return [units](Machine& m) {
    if (m.registers.fuel < units) {
      m.fuel_needed = units;
      return Exit::kFuel;
    }
    m.registers.fuel -= units;
    return Exit::kDone;
  };
}

constexpr uint32_t kDepth = 4;

class MachineTest : public ::testing::Test {
 protected:
  MachineTest() : budget_(1 << 24), store_(Limits(), budget_), machine_(store_, TierTable{.run = ScriptedTier}) {
    Script().clear();
    EXPECT_TRUE(machine_.Allocate());
    none_ = module_.Function(module_.Type({}, {}));
    sum_ = module_.Function(module_.Type({ValType::I64(), ValType::I64()}, {ValType::I64()}));
    module_.data.functions[1].param_slots = 2;
    module_.data.functions[1].result_slots = 1;
    module_.data.functions[1].local_slots = 3;
    module_.data.functions[1].operand_slots = 2;
    module_.Finish();
    LinkFailure failure;
    instance_ = store_.instances[*LinkInstance(store_, module_.data, nullptr, {}, &failure)];
    machine_.SetFuel(kUnlimitedFuel);
  }

  static ImplementationLimits Limits() {
    ImplementationLimits limits;
    limits.call_depth = kDepth;
    limits.value_stack_bytes = 64 * sizeof(Slot);
    limits.nested_runs = 3;
    return limits;
  }
  FuncAddr Address(FuncIdx function) const { return instance_->AddressOf(function); }
  Outcome Invoke(FuncIdx function, std::vector<Slot> arguments = {}) {
    EXPECT_TRUE(machine_.BeginInvoke(Address(function), arguments));
    return machine_.Drive();
  }

  Budget budget_;
  StoreData store_;
  Machine machine_;
  HandMadeModule module_;
  FuncIdx none_ = 0;
  FuncIdx sum_ = 0;
  Instance* instance_ = nullptr;
};

TEST_F(MachineTest, ArgumentsBecomeTheFirstLocalsAndTheOthersAreZero) {
  Script().push_back([&](Machine& m) {
    const Locals locals = m.registers.locals;
    EXPECT_EQ(locals[0], 7u);
    EXPECT_EQ(locals[1], 8u);
    for (int i = 2; i < 5; ++i) EXPECT_EQ(locals[i], 0u) << i;
    EXPECT_EQ(m.registers.sp - locals, 5);  // the spare cell
    EXPECT_EQ(m.instance, instance_);
    return Exit::kDone;
  });
  EXPECT_EQ(Invoke(sum_, {7, 8}), Outcome::kDone);
  EXPECT_EQ(machine_.Results().size(), 1u);
  machine_.EndRun();
  EXPECT_TRUE(machine_.runs.empty());
}

TEST_F(MachineTest, FuelComesInSlicesAndWhatIsLeftGoesBack) {
  machine_.SetFuel(kFuelSlice + 10);
  Script().push_back([](Machine& m) {
    EXPECT_EQ(m.registers.fuel, kFuelSlice);
    return Charges(kFuelSlice + 4)(m);
  });
  Script().push_back(Charges(kFuelSlice + 4));
  EXPECT_EQ(Invoke(none_), Outcome::kDone);
  EXPECT_EQ(machine_.FuelLeft(), 6u);
  machine_.EndRun();
  EXPECT_EQ(machine_.FuelLeft(), 6u);
}

TEST_F(MachineTest, AnInstructionThatTheTankDoesNotCoverPausesWithItsWholeCost) {
  machine_.SetFuel(9);
  Script().push_back(Charges(10));
  EXPECT_EQ(Invoke(none_), Outcome::kOutOfFuel);
  EXPECT_EQ(machine_.runs.back().fuel_needed, 10u);
  EXPECT_EQ(machine_.FuelLeft(), 9u);
  machine_.SetFuel(10);
  Script().push_back(Charges(10));
  EXPECT_EQ(machine_.Drive(), Outcome::kDone);
  EXPECT_EQ(machine_.FuelLeft(), 0u);
  machine_.EndRun();
}

TEST_F(MachineTest, AnInterruptIsSeenBeforeTheFirstInstructionAndBetweenSlices) {
  machine_.interrupt.Request();
  Script().push_back([](Machine&) -> Exit {
    ADD_FAILURE() << "ran";
    return Exit::kDone;
  });
  EXPECT_EQ(Invoke(none_), Outcome::kInterrupted);
  machine_.interrupt.Clear();
  Script().clear();
  Script().push_back([](Machine& m) {
    m.interrupt.Request();
    return Charges(2 * kFuelSlice)(m);
  });
  EXPECT_EQ(machine_.Drive(), Outcome::kInterrupted);
  machine_.interrupt.Clear();
  EXPECT_EQ(machine_.Drive(), Outcome::kDone);
  machine_.EndRun();
}

// Calls itself until something says no.
Exit CallWithoutEnd(Machine& m, FuncAddr function) {
  while (m.Call(function) == Flow::kNext) {
  }
  return m.exit;
}

TEST_F(MachineTest, TheDeepestCallIsTheCallDepthThatWasConfigured) {
  Script().push_back([&](Machine& m) { return CallWithoutEnd(m, Address(none_)); });
  EXPECT_EQ(Invoke(none_), Outcome::kTrapped);
  EXPECT_EQ(machine_.trap, TrapCode::kStackExhausted);
  EXPECT_EQ(machine_.backtrace_depth, kDepth);
  ASSERT_EQ(machine_.backtrace().size(), kDepth);
  EXPECT_EQ(machine_.backtrace()[0].function, none_);
  machine_.EndRun();
}

TEST_F(MachineTest, AFrameThatFillsTheValueStackFitsAndOneCellMoreTraps) {
  // 64 cells: the run's spare one, two arguments, three locals, the frame's spare one, and the rest for operands.
  constexpr uint32_t kRest = 64 - 1 - 2 - 3 - 1;
  module_.data.functions[1].operand_slots = kRest;
  EXPECT_EQ(Invoke(sum_, {1, 2}), Outcome::kDone);
  machine_.EndRun();
  module_.data.functions[1].operand_slots = kRest + 1;
  EXPECT_EQ(Invoke(sum_, {1, 2}), Outcome::kTrapped);
  EXPECT_EQ(machine_.trap, TrapCode::kStackExhausted);
  machine_.EndRun();
}

TEST_F(MachineTest, RunsNestUpToTheLimitAndTheOuterOneGoesOnAsItWas) {
  Pc outer_pc;
  Sp outer_sp;
  Script().push_back([&](Machine& m) {
    outer_pc = m.registers.pc;
    outer_sp = m.registers.sp;
    EXPECT_EQ(Invoke(sum_, {3, 4}), Outcome::kDone);
    EXPECT_TRUE(m.BeginInvoke(Address(none_), {}));
    const auto fourth = m.BeginInvoke(Address(none_), {});
    EXPECT_FALSE(fourth);
    EXPECT_EQ(fourth.error().detail, static_cast<uint32_t>(LimitId::nested_runs));
    m.EndRun();
    m.EndRun();
    EXPECT_EQ(m.registers.pc, outer_pc);
    EXPECT_EQ(m.registers.sp, outer_sp);
    EXPECT_EQ(m.instance, instance_);
    return Exit::kDone;
  });
  EXPECT_EQ(Invoke(none_), Outcome::kDone);
  machine_.EndRun();
}

TEST_F(MachineTest, AHostCallWaitsWithItsArgumentsAndTakesItsResultsInTheirPlace) {
  const CanonIdx type = *store_.InternFuncType(std::vector{ValType::I64(), ValType::I64()}, std::vector{ValType::I64()});
  const uint32_t host = *store_.AddHostFunction("env", "add", type, nullptr, nullptr, nullptr);
  ASSERT_TRUE(machine_.BeginInvoke(store_.host_functions[host].address, std::vector<Slot>{20, 22}));
  EXPECT_EQ(machine_.Drive(), Outcome::kHostCall);
  const std::span<const Slot> arguments = machine_.PendingArguments();
  ASSERT_EQ(arguments.size(), 2u);
  EXPECT_EQ(machine_.runs.back().host_call.instance, kNoIndex);
  machine_.AnswerHostCall(std::vector<Slot>{arguments[0] + arguments[1]});
  EXPECT_EQ(machine_.Drive(), Outcome::kDone);
  EXPECT_EQ(machine_.Results()[0], 42u);
  machine_.EndRun();
}

TEST_F(MachineTest, CallsCostTheirValuesAndLocals) {
  module_.data.functions[1].call_cost = 5;
  EXPECT_EQ(machine_.CallCost(Address(sum_)), 6u);
  const std::vector<ValType> nine(9, ValType::I32());
  const uint32_t host = *store_.AddHostFunction("env", "nine", *store_.InternFuncType(nine, {}), nullptr, nullptr, nullptr);
  EXPECT_EQ(machine_.CallCost(store_.host_functions[host].address), 3u);
}

}  // namespace
}  // namespace sandbox
