// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/spec/world.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tests/spec/json_value.h"

namespace sandbox::spec {
namespace {

// What no test of the suite uses up.
constexpr uint64_t kFullTank = uint64_t{1} << 60;

}  // namespace

std::string ReasonOf(const Error& error) {
  std::array<char, 256> buffer{};
  Error without_offset = error;
  without_offset.offset = Error::kNoOffset;
  std::string text(FormatError(without_offset, buffer));
  // Without the spec's anchor.
  if (text.ends_with(')')) text.resize(text.rfind(" ("));
  return text;
}

std::string Ran::ToText() const {
  std::string text = complaint.empty() ? "" : complaint + ": ";
  switch (kind) {
    case Kind::kDone:
      return text + spec::ToText(values);
    case Kind::kTrapped:
      return text + "trap: " + std::string(TextOf(trap));
    case Kind::kThrown:
      return text + "exception";
    case Kind::kRefused:
      return text + ReasonOf(error);
  }
  return text;
}

bool Equivalent(const Ran& a, const Ran& b) {
  if (a.kind != b.kind || a.fuel != b.fuel || a.values.size() != b.values.size()) return false;
  for (size_t i = 0; i < a.values.size(); ++i) {
    if (!Equivalent(a.values[i], b.values[i])) return false;
  }
  if (a.kind == Ran::Kind::kTrapped) return a.trap == b.trap;
  return a.kind != Ran::Kind::kRefused || a.error == b.error;
}

Result<World> World::Create(const WorldOptions& options) {
  Config config;
  config.limits = options.limits;
  config.tier = options.tier;
  config.dispatch = options.dispatch;
  SANDBOX_ASSIGN(Store store, Store::Create(config));
  World world(std::move(store), options);
  SANDBOX_TRY(world.LinkSpectest());
  return world;
}

Result<void> World::LinkSpectest() {
  struct Print {
    const char* name;
    std::vector<ValType> params;
  };
  std::vector<Print> suspending = {{"print", {}}, {"print_i32", {ValType::I32()}}, {"print_i64", {ValType::I64()}}};
  if (is_sliced_) {
    for (const Print& print : suspending) {
      SANDBOX_TRY(store_.LinkFunc("spectest", print.name, print.params, {}));
    }
  } else {
    SANDBOX_TRY(store_.Link("spectest", "print", [] {}));
    SANDBOX_TRY(store_.Link("spectest", "print_i32", [](int32_t) {}));
    SANDBOX_TRY(store_.Link("spectest", "print_i64", [](int64_t) {}));
  }
#if SANDBOX_FLOATS
  SANDBOX_TRY(store_.Link("spectest", "print_f32", [](float) {}));
  SANDBOX_TRY(store_.Link("spectest", "print_f64", [](double) {}));
  SANDBOX_TRY(store_.Link("spectest", "print_i32_f32", [](int32_t, float) {}));
  SANDBOX_TRY(store_.Link("spectest", "print_f64_f64", [](double, double) {}));
  SANDBOX_TRY(store_.LinkGlobal("spectest", "global_f32", Value::F32Bits(0x4426a666)));
  SANDBOX_TRY(store_.LinkGlobal("spectest", "global_f64", Value::F64Bits(0x4084d4cccccccccd)));
#endif
  SANDBOX_TRY(store_.LinkGlobal("spectest", "global_i32", Value::I32(666)));
  SANDBOX_TRY(store_.LinkGlobal("spectest", "global_i64", Value::I64(666)));
  TableType table{ValType::FuncRef(), Limits{10, 20, false}};
  SANDBOX_TRY(store_.LinkTable("spectest", "table", table));
  table.limits.is_64 = true;
  SANDBOX_TRY(store_.LinkTable("spectest", "table64", table));
  SANDBOX_TRY(store_.LinkMemory("spectest", "memory", MemoryType{Limits{1, 2, false}}));
  return {};
}

void World::Fill() {
  given_ = is_sliced_ ? random_() % 8 : kFullTank;
  store_.SetFuel(given_);
}

// Answers a run that is out of fuel with a little more of it, and goes on once that suffices. Returns what is wrong
// with the pause, if anything.
std::string World::Feed(Result<RunResult>& run) {
  const uint64_t needed = run->fuel_needed();
  uint64_t fuel = store_.fuel();
  if (needed <= fuel) return "out of fuel although there is enough";
  while (fuel < needed) {
    // What is expensive comes in two steps: all but one unit, then that one.
    const uint64_t portion = needed - fuel > 200 ? needed - fuel - 1 : 1 + random_() % (random_() % 4 == 0 ? 2 : 50);
    store_.AddFuel(portion);
    given_ += portion;
    fuel += portion;
    run = run->Resume();
    ++pauses_;
    if (fuel >= needed) return "";
    if (!run || run->outcome() != Outcome::kOutOfFuel) return "went on without the fuel that it needs";
    if (run->fuel_needed() != needed) return "needs another amount after a pause";
    if (store_.fuel() != fuel) return "used fuel while it was out of it";
  }
  return "";
}

Ran World::Finish(Result<RunResult> run) {
  Ran ran;
  while (run && run->is_pending() && ran.complaint.empty()) {
    if (run->outcome() == Outcome::kHostCall) {
      run = run->call().Resume();
    } else if (run->outcome() == Outcome::kOutOfFuel && is_sliced_) {
      ran.complaint = Feed(run);
    } else {
      ran.complaint = "paused for no reason";
    }
  }
  ran.fuel = given_ - std::min(given_, store_.fuel());
  if (!run) {
    ran.error = run.error();
    return ran;
  }
  switch (run->outcome()) {
    case Outcome::kDone:
      ran.kind = Ran::Kind::kDone;
      ran.values.assign(run->values().begin(), run->values().end());
      break;
    case Outcome::kTrapped:
      ran.kind = Ran::Kind::kTrapped;
      ran.trap = run->trap().code;
      break;
    case Outcome::kThrown:
      ran.kind = Ran::Kind::kThrown;
      break;
    case Outcome::kHostCall:
    case Outcome::kOutOfFuel:
    case Outcome::kInterrupted:
      if (!run->Drop()) ran.complaint += ", and cannot be dropped";
      break;
  }
  return ran;
}

Ran World::Instantiate(const Module& module) {
  Fill();
  Result<Instantiation> made = store_.Instantiate(module);
  if (!made) {
    Ran ran;
    ran.error = made.error();
    ran.fuel = given_ - std::min(given_, store_.fuel());
    return ran;
  }
  Ran ran = Finish(made->run);
  ran.instance = made->instance;
  return ran;
}

Ran World::Invoke(InstanceId instance, std::string_view name, std::span<const Value> arguments) {
  Fill();
  return Finish(store_.Invoke(instance, name, arguments));
}

Ran World::GetGlobal(InstanceId instance, std::string_view name) {
  Ran ran;
  const Result<Value> value = store_.GetGlobal(instance, name);
  if (value) {
    ran.kind = Ran::Kind::kDone;
    ran.values = {*value};
  } else {
    ran.error = value.error();
  }
  return ran;
}

}  // namespace sandbox::spec
