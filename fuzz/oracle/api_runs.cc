// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Steps of ApiScript that make guests run, and the model of who waits for whom.
#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "fuzz/oracle/api_script.h"

namespace sandbox::fuzz {
namespace {

constexpr uint32_t kDeepestNesting = 4;
constexpr size_t kMostKept = 48;

}  // namespace

const ApiScript::KnownInstance* ApiScript::AnyInstance(const World& world) {
  if (instances_.empty()) return nullptr;
  const uint32_t start = source_.Below(static_cast<uint32_t>(instances_.size()));
  if (source_.OneIn(12)) return &instances_[start];
  for (size_t i = 0; i < instances_.size(); ++i) {
    const KnownInstance& known = instances_[(start + i) % instances_.size()];
    if (known.world == &world && known.epoch == world.epoch) return &known;
  }
  return &instances_[start];
}

std::optional<ErrorCode> ApiScript::StateOf(const KnownInstance& known, const World& used_with) const {
  if (!used_with.is_alive()) return ErrorCode::kStaleHandle;
  if (known.world != &used_with) return ErrorCode::kWrongStore;
  if (known.is_released || known.epoch != known.world->epoch) return ErrorCode::kStaleHandle;
  return std::nullopt;
}

std::optional<ErrorCode> ApiScript::TurnOf(const KnownRun& known) const {
  const World& world = *known.world;
  if (!world.is_alive()) return ErrorCode::kStaleHandle;
  const auto found = std::find(world.runs.begin(), world.runs.end(), known.tag);
  if (found == world.runs.end()) return ErrorCode::kStaleHandle;
  if (found + 1 != world.runs.end()) return ErrorCode::kOutOfTurn;
  return std::nullopt;
}

void ApiScript::Keep(World& world, Result<RunResult> result, std::initializer_list<ErrorCode> allowed,
                     std::string_view what) {
  --world.driving;
  if (!world.is_alive()) {
    // A host function of its own ended it.
    Require(!result && result.error().code == ErrorCode::kStaleHandle, "a run goes on in a store that is gone");
    return;
  }
  world.runs.pop_back();
  if (!result) return Expect(result.error(), allowed, what);
  const uint64_t tag = next_tag_++;
  if (result->is_pending()) world.runs.push_back(tag);
  if (result->outcome() == Outcome::kOutOfFuel) {
    Require(result->fuel_needed() > world.store->fuel(), "out of fuel with fuel for what comes next");
  }
  for (const Value& value : result->values()) {
    if (value.is_ref() && values_.size() < kMostKept) values_.push_back(value);
  }
  if (runs_.size() >= kMostKept) runs_.erase(runs_.begin());
  runs_.push_back({&world, std::move(*result), tag});
}

void ApiScript::Instantiate() {
  World& world = AnyWorld();
  const size_t number = source_.Below(static_cast<uint32_t>(modules_.size()));
  InstanceOptions options;
  if (source_.OneIn(8)) {
    spans_.emplace_back(source_.OneIn(2) ? kPageBytes : source_.Word(2));
    options.memory_span = MutableByteSpan(spans_.back());
    if (source_.OneIn(2)) options.memory = source_.Below(3);
  }
  if (!world.is_alive()) return;
  const StoreId id = world.store->id();
  ++world.driving;
  const size_t place = instances_.size();
  world.runs.push_back(kRunning);
  Result<Instantiation> made = world.store->Instantiate(modules_[number].module, options);
  if (!made) {
    if (world.is_alive() && ClassOf(made.error().code) == ErrorClass::kLink) {
      Require(world.store->link_error().has_value(), "no link_error after a failure to link");
    }
    return Keep(world, std::unexpected(made.error()),
                {ErrorCode::kUnknownImport, ErrorCode::kIncompatibleImport, ErrorCode::kBadConfiguration}, "Instantiate");
  }
  Require(world.is_alive() && made->instance.store() == id, "an instance of another store");
  (void)place;
  instances_.push_back({&world, made->instance, world.epoch, number});
  Keep(world, std::move(made->run), {}, "Instantiate");
  // The name that later modules import from.
  if (world.is_alive() && !source_.OneIn(4)) {
    const Result<void> named = world.store->SetName(instances_.back().id, "m" + std::to_string(number));
    if (!named) Expect(named.error(), {}, "SetName");
  }
}

void ApiScript::Invoke() {
  World& world = AnyWorld();
  const KnownInstance* const known = AnyInstance(world);
  if (known == nullptr || !world.is_alive()) return;
  const KnownInstance instance = *known;
  const Module& module = modules_[instance.module].module;
  const std::optional<ErrorCode> state = StateOf(instance, world);
  if (module.export_count() == 0) return;
  const ExportInfo item = module.export_at(source_.Below(static_cast<uint32_t>(module.export_count())));
  const bool is_function = item.type.kind == ExternKind::kFunc;
  const std::string name = source_.OneIn(24) ? "nothing" : std::string(item.name);
  if (source_.OneIn(2) && world.runs.empty()) world.store->SetFuel(source_.Word(2));
  const std::vector<Value> arguments = SomeValues(item.signature.params);
  const bool by_handle = source_.OneIn(3);
  std::optional<FuncHandle> handle;
  if (by_handle) {
    const Result<FuncHandle> found = world.store->GetFunc(instance.id, name);
    const bool has = found.has_value();
    ExpectState(state, has, has ? Error() : found.error(),
                {name == item.name ? ErrorCode::kWrongExportKind : ErrorCode::kNoSuchExport}, "GetFunc");
    if (!has) return;
    handle = *found;
    const Result<FuncSignature> signature = world.store->SignatureOf(*handle);
    // The function that is exported may be an imported one, whose instance is gone.
    if (!signature && world.has_released) return Expect(signature.error(), {ErrorCode::kStaleHandle}, "SignatureOf");
    Require(signature && signature->params.size() == item.signature.params.size(), "a handle has another signature");
    InvokeTyped(world, instance, name);
    if (!world.is_alive() || StateOf(instance, world)) return;
    values_.push_back(Value::FuncRef(*handle));
    if (values_.size() > kMostKept) values_.erase(values_.begin());
  }
  if (state || !is_function) {
    const Result<RunResult> run = world.store->Invoke(instance.id, name, arguments);
    Require(!run, "a function is called that is not there");
    if (state) {
      Require(run.error().code == *state, "Invoke does not say what is wrong with the instance");
    } else {
      Expect(run.error(), {name == item.name ? ErrorCode::kWrongExportKind : ErrorCode::kNoSuchExport}, "Invoke");
    }
    return;
  }
  ++world.driving;
  world.runs.push_back(kRunning);
  Result<RunResult> run = handle ? world.store->Invoke(*handle, arguments)
                                 : world.store->Invoke(instance.id, name, arguments);
  // A reference among the arguments may be of another store, or of an instance that is gone.
  Keep(world, std::move(run),
       {ErrorCode::kNoSuchExport, ErrorCode::kWrongArguments, ErrorCode::kWrongStore, ErrorCode::kStaleHandle}, "Invoke");
}

// The same through a typed handle, when the signature is one that is known here.
void ApiScript::InvokeTyped(World& world, const KnownInstance& instance, const std::string& name) {
  const Result<Func<uint32_t(uint32_t)>> function = world.store->GetFunc<uint32_t(uint32_t)>(instance.id, name);
  if (!function) return Expect(function.error(), {ErrorCode::kWrongArguments}, "typed GetFunc");
  const Func<uint32_t(uint32_t)> callee = *function;
  ++world.driving;
  world.runs.push_back(kRunning);
  Result<RunResult> run = callee(source_.Byte());
  if (run && run->is_done()) Require(run->As<uint32_t>().has_value() && !run->As<float>(), "As is of another type");
  Keep(world, std::move(run), {}, "typed call");
}

void ApiScript::Resume() {
  if (runs_.empty()) return;
  // Mostly the last one: it may be the innermost.
  const KnownRun known = source_.OneIn(4) ? source_.Pick(runs_) : runs_.back();
  World& world = *known.world;
  const bool resumable =
      known.run.outcome() == Outcome::kOutOfFuel || known.run.outcome() == Outcome::kInterrupted;
  const std::optional<ErrorCode> turn = resumable ? TurnOf(known) : ErrorCode::kNotRunning;
  if (turn) {
    const Result<RunResult> result = known.run.Resume();
    Require(!result && result.error().code == *turn, "Resume out of turn does not say so");
    return;
  }
  if (!source_.OneIn(4)) world.store->AddFuel(source_.OneIn(4) ? source_.Word(2) : known.run.fuel_needed());
  ++world.driving;
  world.runs.back() = kRunning;
  Keep(world, known.run.Resume(), {}, "Resume");
}

void ApiScript::Answer() {
  if (runs_.empty()) return;
  const KnownRun known = source_.OneIn(4) ? source_.Pick(runs_) : runs_.back();
  const Call call = known.run.call();
  const bool is_call = known.run.outcome() == Outcome::kHostCall;
  const std::optional<ErrorCode> turn = is_call ? TurnOf(known) : ErrorCode::kStaleHandle;
  Require(call.is_current() == !turn.has_value(), "is_current is wrong");
  if (!turn) return AnswerCurrent(known, call);
  Require(turn == ErrorCode::kOutOfTurn || (call.index() == kNoIndex && call.args().empty()), "a stale call tells");
  switch (source_.Below(4)) {
    case 0: {
      const Result<RunResult> result = call.Resume();
      Require(!result && result.error().code == *turn, "a call is answered out of turn");
      return;
    }
    case 1: {
      const Result<RunResult> result = call.Trap();
      Require(!result && result.error().code == *turn, "a call is trapped out of turn");
      return;
    }
    case 3: {
      RunResult run = known.run;
      const Result<void> result = run.Answer();
      Require(!result && result.error().code == (is_call ? *turn : ErrorCode::kNotRunning) &&
                  run.outcome() == known.run.outcome(),
              "a run is answered out of turn");
      return;
    }
    default: {
      const Result<void> result = call.Drop();
      Require(!result && result.error().code == *turn, "a call is dropped out of turn");
    }
  }
}

namespace {

// By the call or by the handle of the run, of which others may have copies.
Result<RunResult> AnswerBy(RunResult run, uint32_t choice, const std::vector<Value>& results) {
  if (choice < 5) return run.call().Resume(results);
  SANDBOX_TRY(run.Answer(results));
  return run;
}

}  // namespace

// As C++ values they are what they are as Values, and refused as something else.
void ApiScript::CheckTypedArguments(const Call& call) {
  const std::vector<Value> values(call.args().begin(), call.args().end());
  const bool are_two = values.size() == 2 && values[0].type() == ValType::I32() && values[1].type() == ValType::I64();
  const auto two = call.Args<uint32_t, uint64_t>();
  Require(two.has_value() == are_two, "two arguments are of other types than they are");
  if (two) Require(*two == std::tuple(values[0].u32(), values[1].u64()), "two arguments are not what they are");
  const bool is_one = values.size() == 1 && values[0].type() == ValType::I32();
  const auto one = call.Args<uint32_t>();
  Require(one.has_value() == is_one, "an argument is of another type than it is");
  if (one) Require(std::get<0>(*one) == values[0].u32(), "an argument is not what it is");
}

void ApiScript::AnswerCurrent(const KnownRun& known, const Call& call) {
  World& world = *known.world;
  const FuncSignature signature = call.signature();
  Require(call.module().size() + call.name().size() > 0 && call.index() != kNoIndex, "a call without names");
  Require(call.args().size() == signature.params.size(), "a call has other arguments than its signature");
  CheckTypedArguments(call);
  const Result<MemoryView> memory = call.memory(source_.Below(2));
  if (!memory) Expect(memory.error(), {ErrorCode::kStaleHandle, ErrorCode::kOutOfRange}, "Call::memory");
  if (memory && source_.OneIn(2)) memories_.push_back({&world, *memory, world.epoch, kNoIndex - 1});
  const uint32_t choice = source_.Below(8);
  if (choice == 0) {
    const Result<void> dropped = call.Drop();
    Require(dropped.has_value(), "the current call cannot be dropped");
    world.runs.pop_back();
    return;
  }
  const std::vector<Value> results = SomeValues(signature.results);
  const bool fits = std::ranges::equal(results, signature.results, {}, &Value::type) ||
                    std::ranges::any_of(signature.results, &ValType::is_ref);
  if (!fits && choice != 1) {
    const Result<RunResult> result = AnswerBy(known.run, choice, results);
    Require(!result, "wrong results are accepted");
    Expect(result.error(), {ErrorCode::kWrongResults}, "Call::Resume");
    Require(call.is_current(), "wrong results end the call");
    return;
  }
  const uint64_t tag = world.runs.back();
  ++world.driving;
  world.runs.back() = kRunning;
  Result<RunResult> result = choice == 1 ? call.Trap() : AnswerBy(known.run, choice, results);
  if (!result && world.is_alive()) {
    // It stays pending.
    --world.driving;
    world.runs.back() = tag;
    return Expect(result.error(), {ErrorCode::kWrongResults, ErrorCode::kWrongStore, ErrorCode::kStaleHandle}, "Answer");
  }
  Require(choice != 1 || (result && result->is_trapped()), "a call that was trapped goes on");
  Keep(world, std::move(result), {}, "Answer");
}

void ApiScript::Drop() {
  if (runs_.empty()) return;
  const KnownRun known = source_.Pick(runs_);
  const std::optional<ErrorCode> turn = known.run.is_pending() ? TurnOf(known) : ErrorCode::kNotRunning;
  const Result<void> dropped = known.run.Drop();
  if (turn) {
    Require(!dropped && dropped.error().code == *turn, "Drop out of turn does not say so");
    return;
  }
  Require(dropped.has_value(), "a pending run cannot be dropped");
  known.world->runs.pop_back();
}

void ApiScript::NestedSteps(World& world) {
  if (nesting_ >= kDeepestNesting || source_.is_empty()) return;
  ++nesting_;
  const size_t runs = world.runs.size();
  for (uint32_t i = source_.Below(4); i > 0; --i) {
    Step();
    CheckWorlds();
  }
  // Those that were begun here and left pending end with the function.
  if (world.is_alive()) world.runs.resize(runs);
  --nesting_;
}

}  // namespace sandbox::fuzz
