// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/plugin_host/plugin.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

using sandbox::Call;
using sandbox::Error;
using sandbox::ErrorCode;
using sandbox::Outcome;
using sandbox::Result;
using sandbox::RunResult;
using sandbox::TrapCode;
using sandbox::ValType;
using sandbox::Value;

namespace {

// Between two events a plugin runs for this much fuel: a few milliseconds.
constexpr uint64_t kSlice = 1'000'000;
constexpr std::string_view kMain = "plugin_main";

std::string TextOf(const Error& error) {
  std::array<char, 512> buffer;
  return std::string(sandbox::FormatError(error, buffer));
}

std::string TextOf(const sandbox::TrapInfo& trap) {
  std::array<char, 512> buffer;
  return std::string(sandbox::FormatTrap(trap, buffer));
}

}  // namespace

std::string_view NameOf(Ending ending) {
  constexpr std::array<std::string_view, 7> kNames = {"returned",    "failed",   "rejected",      "trapped",
                                                      "out-of-fuel", "deadline", "too-many-calls"};
  return kNames[static_cast<size_t>(ending)];
}

struct Plugin::HostFunction {
  std::string_view name;
  std::vector<ValType> params;
  std::vector<ValType> results;
  Answer answer;
};

const std::vector<Plugin::HostFunction>& Plugin::HostFunctions() {
  static const ValType i32 = ValType::I32();
  static const std::vector<HostFunction> functions = {
      {"log", {i32, i32}, {}, &Plugin::Log},
      {"read_input", {i32, i32, i32}, {i32}, &Plugin::ReadInput},
      {"write_output", {i32, i32}, {i32}, &Plugin::WriteOutput},
      {"kv_get", {i32, i32, i32, i32}, {i32}, &Plugin::GetValue},
      {"kv_set", {i32, i32, i32, i32}, {i32}, &Plugin::SetValue},
      {"clock", {}, {ValType::I64()}, &Plugin::Clock},
  };
  return functions;
}

Plugin::Plugin(EventLoop& loop, std::vector<uint8_t> bytes, const Allowance& allowance, Environment environment)
    : loop_(loop), bytes_(std::move(bytes)), allowance_(allowance), environment_(std::move(environment)) {}

// Loads the module and makes its store, once.
Result<void> Plugin::Prepare() {
  sandbox::LoadOptions options;
  options.limits.load_bytes = allowance_.memory_bytes;
  SANDBOX_ASSIGN(module_, sandbox::Module::Load(bytes_, options));

  sandbox::Config config;
  config.limits.store_bytes = allowance_.memory_bytes - module_.sizes().held_bytes;
  config.limits.value_stack_bytes = 256u << 10;
  config.limits.call_depth = 2'000;
  config.fuel = 0;
  SANDBOX_ASSIGN(store_, sandbox::Store::Create(config));
  for (const HostFunction& function : HostFunctions()) {
    SANDBOX_TRY(store_->LinkFunc("host", function.name, function.params, function.results));
  }
  return {};
}

void Plugin::Start() {
  report_ = Report();
  has_started_main_ = false;
  has_ended_ = false;
  bytes_kept_ = 0;
  // The first time all is made; later all but the links is dropped.
  const Result<void> ready = store_ ? store_->Reset() : Prepare();
  if (!ready) return Reject(ready.error());
  fuel_granted_ = std::min(kSlice, allowance_.fuel);
  store_->SetFuel(fuel_granted_);
  store_->interrupt()->Clear();
  if (allowance_.deadline) watchdog_ = std::make_unique<Watchdog>(store_->interrupt(), *allowance_.deadline);
  loop_.Post([this] {
    const Result<void> made = Instantiate();
    if (!made) Reject(made.error());
  });
}

Result<void> Plugin::Instantiate() {
  SANDBOX_ASSIGN(const sandbox::Instantiation made, store_->Instantiate(module_));
  instance_ = made.instance;
  Continue(made.run);
  return {};
}

void Plugin::Continue(const Result<RunResult>& run) {
  if (!run) return Reject(run.error());
  switch (run->outcome()) {
    case Outcome::kDone:
      return Finish(*run);
    case Outcome::kTrapped:
      return End(Ending::kTrapped, TextOf(run->trap()));
    case Outcome::kHostCall:
      return AnswerCall(*run);
    case Outcome::kOutOfFuel:
      return AddFuel(*run);
    case Outcome::kInterrupted:
      return End(Ending::kDeadline, "the deadline has passed");
    case Outcome::kThrown:
      return End(Ending::kTrapped, "uncaught exception");
  }
}

// The start function is done, or plugin_main is.
void Plugin::Finish(const RunResult& run) {
  if (!has_started_main_) {
    has_started_main_ = true;
    return loop_.Post([this] { Continue(store_->Invoke(*instance_, kMain)); });
  }
  const Result<int32_t> code = run.As<int32_t>();
  if (!code) return Reject(code.error());
  End(*code == 0 ? Ending::kReturned : Ending::kFailed, "plugin_main returned " + std::to_string(*code));
}

// Answers later: the loop does other things first.
void Plugin::AnswerCall(const RunResult& run) {
  if (++report_.host_calls > allowance_.host_calls) {
    return End(Ending::kTooManyCalls, "more than " + std::to_string(allowance_.host_calls) + " host calls");
  }
  loop_.Post([this, call = run.call()] { Continue((this->*HostFunctions()[call.index()].answer)(call)); });
}

void Plugin::AddFuel(const RunResult& run) {
  const uint64_t more = std::min(std::max(kSlice, run.fuel_needed()), allowance_.fuel - fuel_granted_);
  if (store_->fuel() + more < run.fuel_needed()) {
    return End(Ending::kOutOfFuel, "more than " + std::to_string(allowance_.fuel) + " units of fuel");
  }
  fuel_granted_ += more;
  store_->AddFuel(more);
  loop_.Post([this, run] { Continue(run.Resume()); });
}

void Plugin::End(Ending ending, std::string reason) {
  watchdog_.reset();
  report_.ending = ending;
  report_.reason = std::move(reason);
  if (store_) {
    report_.fuel_used = fuel_granted_ - store_->fuel();
    report_.memory_peak_bytes = store_->peak_bytes() + module_.sizes().held_bytes;
  }
  has_ended_ = true;
}

void Plugin::Reject(const Error& error) {
  std::string reason = TextOf(error);
  if (store_ && store_->link_error()) {
    std::array<char, 512> buffer;
    reason = sandbox::FormatLinkError(*store_, buffer);
  }
  End(Ending::kRejected, std::move(reason));
}

std::optional<std::string> Plugin::Copy(const Call& call, uint32_t address, uint32_t length) {
  const Result<sandbox::MemoryView> memory = call.memory();
  if (!memory) return std::nullopt;
  // The guest says how long: look before reserving.
  const Result<sandbox::MutableByteSpan> bytes = memory->Borrow(address, length);
  if (!bytes) return std::nullopt;
  return std::string(sandbox::AsText(*bytes));
}

bool Plugin::Keep(uint64_t bytes) {
  if (bytes > allowance_.output_bytes - bytes_kept_) return false;
  bytes_kept_ += bytes;
  return true;
}

// --- The host's functions. A pointer that leaves the plugin's memory is answered with a trap. ---

Result<RunResult> Plugin::Log(const Call& call) {
  SANDBOX_ASSIGN(const auto arguments, (call.Args<uint32_t, uint32_t>()));
  const auto [text, length] = arguments;
  const std::optional<std::string> line = Copy(call, text, length);
  if (!line) return call.Trap(TrapCode::kOutOfBoundsMemory);
  if (Keep(length)) report_.log.push_back(*line);
  return call.Resume();
}

Result<RunResult> Plugin::ReadInput(const Call& call) {
  SANDBOX_ASSIGN(const auto arguments, (call.Args<uint32_t, uint32_t, uint32_t>()));
  const auto [offset, buffer, length] = arguments;
  const std::string_view input = environment_.input;
  const std::string_view part = offset < input.size() ? input.substr(offset, length) : "";
  SANDBOX_ASSIGN(const sandbox::MemoryView memory, call.memory());
  if (!memory.WriteString(buffer, part)) return call.Trap(TrapCode::kOutOfBoundsMemory);
  return call.Resume(Value::I32(static_cast<uint32_t>(part.size())));
}

Result<RunResult> Plugin::WriteOutput(const Call& call) {
  SANDBOX_ASSIGN(const auto arguments, (call.Args<uint32_t, uint32_t>()));
  const auto [bytes, length] = arguments;
  const std::optional<std::string> part = Copy(call, bytes, length);
  if (!part) return call.Trap(TrapCode::kOutOfBoundsMemory);
  if (!Keep(length)) return call.Resume(Value::I32(-1));
  report_.output += *part;
  return call.Resume(Value::I32(0));
}

Result<RunResult> Plugin::GetValue(const Call& call) {
  SANDBOX_ASSIGN(const auto arguments, (call.Args<uint32_t, uint32_t, uint32_t, uint32_t>()));
  const auto [key, key_length, value, capacity] = arguments;
  const std::optional<std::string> name = Copy(call, key, key_length);
  if (!name) return call.Trap(TrapCode::kOutOfBoundsMemory);
  const auto found = environment_.values.find(*name);
  if (found == environment_.values.end()) return call.Resume(Value::I32(-1));
  SANDBOX_ASSIGN(const sandbox::MemoryView memory, call.memory());
  if (!memory.WriteString(value, std::string_view(found->second).substr(0, capacity))) {
    return call.Trap(TrapCode::kOutOfBoundsMemory);
  }
  return call.Resume(Value::I32(static_cast<uint32_t>(found->second.size())));
}

Result<RunResult> Plugin::SetValue(const Call& call) {
  SANDBOX_ASSIGN(const auto arguments, (call.Args<uint32_t, uint32_t, uint32_t, uint32_t>()));
  const auto [key, key_length, bytes, length] = arguments;
  const std::optional<std::string> name = Copy(call, key, key_length);
  const std::optional<std::string> value = Copy(call, bytes, length);
  if (!name || !value) return call.Trap(TrapCode::kOutOfBoundsMemory);
  if (!Keep(name->size() + value->size())) return call.Resume(Value::I32(-1));
  environment_.values.insert_or_assign(*name, *value);
  return call.Resume(Value::I32(0));
}

Result<RunResult> Plugin::Clock(const Call& call) { return call.Resume(Value::I64(loop_.clock_ms())); }
