// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The same embedder's program with stores of either tier: what it saw must be the same.
#ifndef TESTS_FAST_TWO_TIERS_H_
#define TESTS_FAST_TWO_TIERS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/sandbox.h"
#include "tests/lib/failing_allocator.h"
#include "tests/lib/module_builder.h"

namespace sandbox::testing {

inline const ValType kI32 = ValType::I32();
using Locals = std::vector<std::pair<uint32_t, ValType>>;
inline Locals NoLocals() { return {}; }
// More slots than register code can name.
inline const Locals kHugeLocals = {{49'000, kI32}, {17'000, ValType::I64()}};

inline Code Times(size_t count, const Code& code) {
  Code all;
  for (size_t i = 0; i < count; ++i) all.Raw(code);
  return all;
}

// Exports a function of an i32: a loop that counts local 0 down to 0 (at least one round), local 1 its result.
template <typename Body>
uint32_t AddCountdown(ModuleBuilder& b, const char* name, uint32_t more_locals, Body body) {
  Code code;
  code.Begin(Op::kLoop);
  body(code);
  code.LocalGet(0).I32Const(1).Op(Op::kI32Sub).Op(Op::kLocalTee, {0}).I32Const(0).Op(Op::kI32GtS).Op(Op::kBrIf, {0}).End();
  code.LocalGet(1).End();
  const uint32_t function = b.AddFunction(b.AddType({kI32}, {kI32}), code, {{1 + more_locals, kI32}});
  b.ExportFunction(name, function);
  return function;
}

// Its branch leaves a value below the result: from there on it runs in place, one instruction at a time.
inline Code EndsInPlace() {
  return Code().I32Const(7).I32Const(5).Op(Op::kRefNull).Byte(0x70).Op(Op::kBrOnNull, {0})
      .Op(Op::kDrop).Op(Op::kDrop).Op(Op::kDrop).I32Const(9).End();
}

// A function that calls the host under three frames, in the middle of expressions; by call and by tail call.
inline ModuleBuilder HostCaller() {
  ModuleBuilder b;
  const uint32_t type = b.AddType({kI32}, {kI32});
  const uint32_t host = b.ImportFunction("env", "host", type);
  b.AddMemory({1, 4, false});
  const uint32_t inner =
      b.AddFunction(type, Code().I32Const(100).LocalGet(0).Call(host).Op(Op::kI32Sub).End());
  const uint32_t tail = b.AddFunction(type, Code().LocalGet(0).I32Const(1).Op(Op::kI32Add).Op(Op::kReturnCall, {host}).End());
  const uint32_t middle = b.AddFunction(
      type, Code().LocalGet(0).Call(inner).LocalGet(0).Call(tail).Op(Op::kI32Mul).End(), {{3, kI32}});
  b.ExportFunction("leaf", b.AddFunction(type, Code().LocalGet(0).I32Const(5).Op(Op::kI32Add).End()));
  b.ExportFunction("fail", b.AddFunction(type, Code().LocalGet(0).I32Const(0).Op(Op::kI32DivU).End()));
  b.ExportFunction("last", tail);
  AddCountdown(b, "f", 1, [&](Code& code) {
    code.LocalGet(1).LocalGet(0).Call(middle).Op(Op::kI32Add).LocalSet(1);
  });
  return b;
}

// One store, and a log of all that became of what was done with it.
class Machinery {
 public:
  // step: units of fuel that each resumption adds; 0: all at once. for_modules: where modules have their memory from.
  Machinery(Tier tier, Dispatch dispatch, uint64_t step, Allocator* for_modules = nullptr)
      : step_(step), for_modules_(for_modules), store_(Make(tier, dispatch)) {
    Fill();
  }

  Store& store() { return store_; }
  InstanceId operator[](const std::string& name) const { return instances_.at(name); }
  const std::vector<std::string>& log() const { return log_; }
  void Log(const std::string& line) { log_.push_back(line); }

  void Fill() { store_.SetFuel(step_ == 0 ? kFull : 0); }

  void Add(const ModuleBuilder& builder, const std::string& name) {
    bytes_.push_back(builder.Build());
    LoadOptions options;
    options.allocator = for_modules_;
    options.limits.locals = 1 << 20;
    Result<Module> module = Module::Load(bytes_.back(), options);
    ASSERT_TRUE(module.has_value()) << TextOf(module.error().code) << " at " << module.error().offset;
    Result<Instantiation> made = store_.Instantiate(*module);
    ASSERT_TRUE(made.has_value()) << TextOf(made.error().code);
    instances_[name] = made->instance;
    Finish(made->run);
    ASSERT_TRUE(store_.SetName(made->instance, name).has_value());
  }

  void Run(const std::string& instance, const char* name, std::initializer_list<Value> arguments = {}) {
    Fill();
    Finish(store_.Invoke(instances_.at(instance), name, arguments));
  }

  // Sees a run through; whoever answers its host calls is asked for the result.
  void Finish(Result<RunResult> run) {
    uint64_t given = store_.fuel();
    while (run && run->is_pending()) {
      if (run->outcome() == Outcome::kHostCall) {
        ASSERT_TRUE(answer != nullptr);
        log_.push_back("host call, fuel used " + std::to_string(given - store_.fuel()));
        run = answer(run->call());
        continue;
      }
      ASSERT_EQ(run->outcome(), Outcome::kOutOfFuel);
      log_.push_back("short of " + std::to_string(run->fuel_needed()) + " with " + std::to_string(store_.fuel()));
      store_.AddFuel(step_);
      given += step_;
      run = run->Resume();
    }
    ASSERT_TRUE(run.has_value()) << TextOf(run.error().code);
    LogEnd(*run, given);
  }

  std::function<Result<RunResult>(sandbox::Call)> answer;

 private:
  static constexpr uint64_t kFull = uint64_t{1} << 40;

  static Store Make(Tier tier, Dispatch dispatch) {
    Config config;
    config.tier = tier;
    config.dispatch = dispatch;
    config.limits.call_depth = 60;
    config.limits.value_stack_bytes = 1 << 22;
    return *Store::Create(config);
  }

  void LogEnd(const RunResult& run, uint64_t given) {
    std::string line = "used " + std::to_string(given - store_.fuel());
    for (const Value& value : run.values()) {
      line += " result " + std::to_string(value.u32()) + "/" + std::to_string(value.u64());
      if (value.type().is_float()) line += "/" + std::to_string(value.f32_bits()) + "/" + std::to_string(value.f64_bits());
      if (value.type().is_ref()) line += value.is_null() ? "/null" : "/a function";
    }
    if (run.is_trapped()) {
      line += " trap " + std::string(TextOf(run.trap().code)) + " depth " + std::to_string(store_.trace_depth());
      for (const TraceFrame& frame : store_.backtrace()) {
        line += " <- " + std::to_string(frame.instance ? frame.instance->index() : 99) + "/" + std::to_string(frame.function) +
                "@" + std::to_string(frame.offset);
      }
    }
    log_.push_back(line);
  }

  std::deque<Bytes> bytes_;
  uint64_t step_;
  Allocator* for_modules_;
  Store store_;
  std::map<std::string, InstanceId> instances_;
  std::vector<std::string> log_;
};

// Names the first difference.
inline void ExpectSameLog(const std::vector<std::string>& fast, const std::vector<std::string>& in_place,
                          const std::string& what) {
  for (size_t i = 0; i < fast.size() || i < in_place.size(); ++i) {
    const std::string ours = i < fast.size() ? fast[i] : "nothing";
    const std::string theirs = i < in_place.size() ? in_place[i] : "nothing";
    ASSERT_EQ(ours, theirs) << what << ", event " << i << " after \"" << (i == 0 ? "" : in_place[i - 1]) << '"';
  }
}

// Runs a program in place and in the fast tier and compares the logs.
class Machines {
 public:
  std::vector<uint64_t> steps = {0, 1, 2, 5, 13};

  template <typename Program>
  void Each(Program program) {
    std::vector<Dispatch> forms = {Dispatch::kLoop};
    if (kTailDispatch) forms.push_back(Dispatch::kTail);
    for (const uint64_t step : steps) {
      Machinery in_place(Tier::kInPlace, Dispatch::kLoop, step);
      program(in_place);
      EXPECT_FALSE(in_place.log().empty());
      if (!kFastTier) continue;
      for (const Dispatch form : forms) {
        Machinery fast(Tier::kFast, form, step);
        program(fast);
        ExpectSameLog(fast.log(), in_place.log(), "steps of " + std::to_string(step));
        if (::testing::Test::HasFailure()) return;
      }
      // From the one to the other while they run.
      Machinery both(Tier::kAuto, Dispatch::kDefault, step);
      program(both);
      ExpectSameLog(both.log(), in_place.log(), "kAuto in steps of " + std::to_string(step));
    }
  }
};

// Twice, so that the second time finds everything translated.
inline void ExpectSame(const ModuleBuilder& builder, const char* name, std::initializer_list<Value> arguments,
                       uint64_t step = 0) {
  Machines machines;
  if (step != 0) machines.steps = {0, step};
  machines.Each([&](Machinery& m) {
    m.Add(builder, "m");
    m.Run("m", name, arguments);
    m.Run("m", name, arguments);
  });
}

}  // namespace sandbox::testing

#endif  // TESTS_FAST_TWO_TIERS_H_
