// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/cli/run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/cli/env.h"
#include "sandbox/cli/exit_code.h"
#include "sandbox/cli/inspect.h"
#include "sandbox/cli/module_file.h"
#include "sandbox/cli/text.h"

namespace sandbox::cli {
namespace {

// What the signal handler can reach: the interrupt of the store that is running, or null.
constinit std::atomic<Interrupt*> running_interrupt = nullptr;
static_assert(std::atomic<Interrupt*>::is_always_lock_free);

// Lets SIGINT stop the guest instead of the program.
class SignalScope {
 public:
  explicit SignalScope(Store& store) {
    running_interrupt = store.interrupt();
    previous_ = std::signal(SIGINT, [](int) {
      if (Interrupt* const interrupt = running_interrupt) interrupt->Request();
    });
  }
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;
  ~SignalScope() {
    std::signal(SIGINT, previous_ == SIG_ERR ? SIG_DFL : previous_);
    running_interrupt = nullptr;
  }

 private:
  void (*previous_)(int) = SIG_DFL;
};

// Refused by the library: the embedder's fault is here the user's.
int Refuse(const std::string& what, const Error& error, std::ostream& err) {
  err << what << ": " << ErrorText(error) << "\n";
  return ClassOf(error.code) == ErrorClass::kMisuse ? kExitUsage : kExitRejected;
}

// The function to call: --invoke, else _start, else run. Nothing when there is none.
std::optional<ExportInfo> ChooseExport(const Options& options, const Module& module) {
  const auto find = [&](std::string_view name) {
    const std::optional<ExportInfo> info = module.FindExport(name);
    return info && info->type.kind == ExternKind::kFunc ? info : std::nullopt;
  };
  if (options.invoke) return find(*options.invoke);
  if (const auto info = find("_start")) return info;
  return find("run");
}

std::optional<std::vector<Value>> ParseArguments(const Options& options, const ExportInfo& callee, std::ostream& err) {
  const std::string types = Text([&](std::span<char> out) { return FormatSignature(callee.signature, out); });
  if (options.arguments.size() != callee.signature.params.size()) {
    err << Printable(callee.name) << " " << types << ": " << options.arguments.size() << " arguments given\n";
    return std::nullopt;
  }
  std::vector<Value> values;
  for (const std::string& text : options.arguments) {
    const std::optional<Value> value = ParseValue(text, callee.signature.params[values.size()]);
    if (!value) {
      err << Printable(callee.name) << " " << types << ": argument " << values.size() + 1 << " cannot be " << text
          << "\n";
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return values;
}

void PrintBacktrace(const Store& store, std::ostream& err) {
  size_t number = 0;
  for (const TraceFrame frame : store.backtrace()) {
    err << Text([&](std::span<char> out) { return FormatFrame(number, frame, out); }) << "\n";
    ++number;
  }
  if (store.trace_depth() > number) err << "... and " << store.trace_depth() - number << " more\n";
}

// Prints how a run ended. Returns the exit code.
int Report(const RunResult& run, const Options& options, const Store& store, std::ostream& out, std::ostream& err) {
  switch (run.outcome()) {
    case Outcome::kDone:
      for (const Value& value : run.values()) out << ValueText(value) << "\n";
      return kExitDone;
    case Outcome::kTrapped:
      err << Text([&](std::span<char> text) { return FormatTrap(run.trap(), text); }) << "\n";
      if (options.backtrace) PrintBacktrace(store, err);
      return kExitTrap;
    case Outcome::kOutOfFuel:
      err << "out of fuel: the next instruction costs " << run.fuel_needed() << "\n";
      return kExitStopped;
    case Outcome::kInterrupted:
      err << "interrupted\n";
      return kExitStopped;
    case Outcome::kThrown:
      err << "uncaught exception\n";
      return kExitThrown;
    case Outcome::kHostCall:
      break;  // nothing that suspends is linked
  }
  err << "unexpected host call\n";
  return kExitRejected;
}

Config ConfigOf(const Options& options) {
  Config config;
  config.tier = options.tier;
  config.dispatch = options.dispatch;
  if (options.max_memory_bytes) config.limits.memory_bytes = *options.max_memory_bytes;
  // One below unlimited, so that what is used can be told.
  config.fuel = std::min(options.fuel.value_or(kUnlimitedFuel), kUnlimitedFuel - 1);
  return config;
}

int CallAndReport(const Options& options, Store& store, InstanceId instance, const ExportInfo& callee,
                  const std::vector<Value>& arguments, std::ostream& out, std::ostream& err) {
  const uint64_t fuel = store.fuel();
  const auto start = std::chrono::steady_clock::now();
  const Result<RunResult> run = store.Invoke(instance, callee.name, arguments);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (!run) return Refuse(Printable(callee.name), run.error(), err);
  const uint64_t used = fuel - store.fuel();
  const int code = Report(*run, options, store, out, err);
  if (options.time) out << "fuel: " << used << "\nseconds: " << std::fixed << seconds.count() << "\n";
  return code;
}

}  // namespace

int Run(const Options& options, std::ostream& out, std::ostream& err) {
  const std::string& path = options.files.front();
  const auto file = LoadFile(path, err);
  if (!file) return file.error();
  const Module& module = file->module;

  const std::optional<ExportInfo> callee = ChooseExport(options, module);
  if (!callee && options.invoke) {
    err << path << ": no exported function " << *options.invoke << "\n";
    return kExitUsage;
  }
  if (!callee) {
    out << "exports: " << module.export_count() << "\n";
    ListExports(module, out);
    return kExitDone;
  }
  const auto arguments = ParseArguments(options, *callee, err);
  if (!arguments) return kExitUsage;

  Result<Store> store = Store::Create(ConfigOf(options));
  if (!store && store.error().code == ErrorCode::kBadConfiguration) {
    err << "this build does not have that tier or dispatch\n";
    return kExitUsage;
  }
  if (!store) return Refuse("store", store.error(), err);
  const SignalScope signals(*store);
  if (const auto linked = LinkEnv(*store, out); !linked) return Refuse("env", linked.error(), err);
  const Result<Instantiation> made = store->Instantiate(module);
  if (!made && store->link_error()) {
    err << path << ": " << Text([&](std::span<char> text) { return FormatLinkError(*store, text); }) << "\n";
    return kExitRejected;
  }
  if (!made) return Refuse(path, made.error(), err);
  if (!made->run.is_done()) return Report(made->run, options, *store, out, err);
  return CallAndReport(options, *store, made->instance, *callee, *arguments, out, err);
}

}  // namespace sandbox::cli
