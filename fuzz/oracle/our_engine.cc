// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/our_engine.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/host_objects.h"
#include "fuzz/oracle/neighbour.h"
#include "sandbox/module/module_data.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {
namespace {

class Session {
 public:
  Session(std::span<const uint8_t> bytes, const RunOptions& options) : bytes_(bytes), options_(options) {}

  Observation Run() {
    Result<Module> module = Module::Load(bytes_);
    if (!module) return std::move(seen_);
    seen_.is_valid = true;
    module_ = *module;
    Result<Store> store = Store::Create(options_.config);
    if (!store) Report("the store is refused", bytes_);
    store_ = &*store;
    Check(store_->LinkFuncDefault(kHostModule), "link");
    // While it runs: it stops where the slice of fuel ends.
    Check(LinkHostFunctions(*store_, [this] { BeCalled(); }), "link functions");
    if (options_.nests) AddScribbler();
    if (!options_.neighbour.empty() && !AddNeighbour()) return std::move(seen_);
    if (options_.neighbour.empty()) Check(LinkHostObjects(*store_, module_, options_.seed), "link objects");
    store_->SetFuel(0);
    Result<Instantiation> made = store_->Instantiate(module_);
    if (!made) {
      if (ClassOf(made.error().code) == ErrorClass::kMisuse) Report("instantiation is refused as misuse", bytes_);
      return std::move(seen_);
    }
    instance_ = made->instance;
    seen_.is_instantiated = true;
    for (const ExportInfo item : module_.exports()) {
      if (item.type.kind != ExternKind::kFunc || !options_.names_functions) continue;
      exported_.emplace_back(Check(store_->GetFunc(instance_, item.name), "function"), item.index);
    }
    seen_.calls.push_back(Finish("start", std::move(made->run)));
    if (options_.checks_payment) FindMemory();
    for (uint32_t round = 0; round < options_.rounds && !IsPoisoned(); ++round) CallAll(round);
    if (!IsPoisoned()) LookAtState();
    return std::move(seen_);
  }

 private:
  template <typename T>
  T Check(Result<T> result, std::string_view what) {
    if (!result) Report(std::string(what) + ": " + std::string(TextOf(result.error().code)), bytes_);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }

  // False: it cannot be had, or ends all comparison.
  bool AddNeighbour() {
    neighbour_ = Check(Module::LoadCopy(options_.neighbour), "load the neighbour");
    Check(LinkHostObjects(*store_, neighbour_, options_.seed), "link objects");
    store_->SetFuel(0);
    Result<Instantiation> made = store_->Instantiate(neighbour_);
    if (!made) return false;
    neighbour_instance_ = made->instance;
    seen_.calls.push_back(Finish("neighbour", std::move(made->run)));
    Check(store_->SetName(made->instance, kNeighbour), "name");
    return !IsPoisoned();
  }

  // A function that fills locals and operands with what nothing else has.
  void AddScribbler() {
    using testing::Code;
    testing::ModuleBuilder builder;
    constexpr int kOperands = 40;
    Code body;
    for (int i = 0; i < kOperands; ++i) body.I64Const(0x5ca1ab1e0ddba11);
    for (int i = 0; i < kOperands; ++i) body.Op(Op::kDrop);
    const uint32_t function = builder.AddFunction(builder.AddType({}, {}), body.End(), {{kOperands, ValType::I64()}});
    builder.ExportFunction("scribble", function);
    Result<Instantiation> made = store_->Instantiate(Check(Module::LoadCopy(builder.Build()), "load the scribbler"));
    if (made) scribbler_ = Check(store_->GetFunc(made->instance, "scribble"), "scribble");
  }

  // Neither fuel nor anything else shows that it ran; a request to interrupt waits meanwhile.
  void MayScribble(bool always) {
    if (!scribbler_ || (!always && ++pauses_ % 2 != 1)) return;
    const uint64_t fuel = store_->fuel();
    store_->interrupt()->Clear();
    store_->SetFuel(1000);
    Result<RunResult> run = store_->Invoke(*scribbler_, {});
    if (run && run->is_pending()) Report("the scribbler waits", bytes_);
    store_->SetFuel(fuel);
    if (is_interrupt_wanted_) store_->interrupt()->Request();
  }

  bool IsPoisoned() const { return seen_.calls.back().ending == Ending::kExhausted; }

  uint64_t BitsOf(const Value& value) const {
    switch (value.kind()) {
      case ValKind::kI32: return value.u32();
      case ValKind::kI64: return value.u64();
      case ValKind::kF32: return value.f32_bits();
      case ValKind::kF64: return value.f64_bits();
      default: return value.is_null() ? 0 : ReferenceBits(value);
    }
  }
  uint64_t ReferenceBits(const Value& value) const {
    uint64_t bits = kOtherReference;
    for (const auto& [handle, index] : exported_) {
      if (value.func() == handle) bits = 1 + uint64_t{index};
    }
    return bits;
  }
  uint64_t Observed(const Value& value) const { return ObservedBits(value.type(), BitsOf(value)); }

  void MayInterrupt() {
    if (!options_.interrupts || !options_.interrupts()) return;
    store_->interrupt()->Request();
    is_interrupt_wanted_ = true;
  }

  // In the middle of a run. A unit is less than what the call costs: the run ends all the same.
  void BeCalled() {
    if (options_.host_gives) {
      store_->AddFuel(1);
      ++given_;
    }
    MayScribble(false);
    MayInterrupt();
  }

  // --- Payment: what a guest writes it has paid for before ---

  void FindMemory() {
    for (const ExportInfo item : module_.exports()) {
      if (item.type.kind != ExternKind::kMemory) continue;
      watched_ = Check(store_->GetMemory(instance_, item.name), "memory");
      return;
    }
  }

  // Looks at the memory when so much of the call's fuel is spent. Nothing writes more for a unit than what moves bytes
  // (exec/fuel.h); the host writes nothing.
  void CheckPayment(uint64_t spent) {
    if (!watched_ || looks_ >= kMostLooks) return;
    ++looks_;
    const ByteSpan now = Check(watched_->Borrow(0, Check(watched_->size_bytes(), "size")), "borrow");
    const size_t common = std::min(now.size(), seen_bytes_.size());
    if (spent > 0 && !std::ranges::equal(now.first(common), std::span(seen_bytes_).first(common))) {
      uint64_t written = 0;
      for (size_t i = 0; i < common; ++i) written += now[i] != seen_bytes_[i] ? 1 : 0;
      if (written > kBytesOfUnit * (spent - seen_spent_)) Report("bytes are written that are not paid for", bytes_);
    }
    seen_bytes_.assign(now.begin(), now.end());
    seen_spent_ = spent;
  }

  // A request stays until an interrupted run is resumed, and nothing else interrupts.
  void CheckInterrupt(Outcome outcome) {
    const bool is_requested = store_->interrupt()->IsRequested();
    if (is_requested != is_interrupt_wanted_) Report("an interrupt is lost, or nobody asked for it", bytes_);
    if (outcome == Outcome::kInterrupted && !is_requested) Report("an interrupt that nobody asked for", bytes_);
  }

  // Drives a run to its end, answering host calls and handing out fuel.
  CallRecord Finish(std::string name, RunResult run) {
    CallRecord record;
    record.name = std::move(name);
    uint64_t handed = 0;
    given_ = 0;
    CheckPayment(0);
    for (;;) {
      CheckInterrupt(run.outcome());
      if (run.is_pending()) CheckPayment(handed + given_ - store_->fuel());
      if (run.is_pending()) MayScribble(run.outcome() == Outcome::kHostCall);
      if (run.outcome() == Outcome::kHostCall) {
        // Asked for while the host takes its time: the guest stops again as soon as it has the answer.
        MayInterrupt();
        GoOn(run, Answer(run.call()));
      } else if (run.outcome() == Outcome::kInterrupted) {
        is_interrupt_wanted_ = false;
        run = Check(run.Resume(), "resume");
      } else if (run.outcome() == Outcome::kOutOfFuel) {
        if (handed == options_.fuel) break;
        const uint64_t left = options_.fuel - handed;
        const uint64_t portion = options_.next_portion ? std::min(left, options_.next_portion()) : left;
        handed += portion;
        store_->AddFuel(portion);
        MayInterrupt();
        run = Check(run.Resume(), "resume");
      } else {
        break;
      }
    }
    record.fuel = handed - store_->fuel();
    Conclude(run, record);
    store_->SetFuel(0);
    return record;
  }

  // Both ways to answer, in turn.
  void GoOn(RunResult& run, const std::vector<Value>& results) {
    is_answered_through_handle_ = !is_answered_through_handle_;
    if (is_answered_through_handle_) {
      Check(run.Answer(results), "answer");
    } else {
      run = Check(run.call().Resume(results), "resume");
    }
  }

  void Conclude(const RunResult& run, CallRecord& record) {
    if (run.outcome() == Outcome::kTrapped) {
      record.trap = run.trap().code;
      record.ending = record.trap == TrapCode::kStackExhausted ? Ending::kExhausted : Ending::kTrapped;
      CheckTrace();
    } else if (run.outcome() == Outcome::kOutOfFuel) {
      record.ending = Ending::kOutOfFuel;
      Check(run.Drop(), "drop");
    } else {
      for (const Value& value : run.values()) record.results.push_back(Observed(value));
    }
  }

  // Each frame lies in the function that it names.
  void CheckTrace() {
    for (const TraceFrame frame : store_->backtrace()) {
      const bool is_ours = frame.instance == instance_;
      if (!is_ours && (!neighbour_instance_ || frame.instance != neighbour_instance_)) continue;
      const ModuleData& data = *(is_ours ? module_ : neighbour_).data();
      const size_t imported = data.imported_functions.size();
      const bool is_defined = frame.function >= imported && frame.function - imported < data.functions.size();
      if (!is_defined) Report("a frame of a function that is not defined", bytes_);
      const FunctionRecord& function = data.functions[frame.function - imported];
      const bool is_inside = frame.offset >= function.code_begin && frame.offset < function.code_end;
      if (!is_inside) Report("a frame lies outside of its function", bytes_);
    }
  }

  std::vector<Value> Answer(const Call& call) {
    std::vector<uint64_t> arguments;
    for (const Value& value : call.args()) arguments.push_back(Observed(value));
    if (options_.host_grows && HostResultBits(options_.seed, arguments, 0, ValType::I32()) % 4 == 0) {
      if (const Result<MemoryView> memory = call.memory(); memory) (void)memory->Grow(1);
    }
    std::vector<Value> results;
    for (ValType type : call.signature().results) {
      results.push_back(
          ValueOf(type, HostResultBits(options_.seed, arguments, static_cast<uint32_t>(results.size()), type)));
    }
    return results;
  }

  void CallAll(uint32_t round) {
    for (uint32_t i = 0; i < module_.export_count() && !IsPoisoned(); ++i) {
      const ExportInfo item = module_.export_at(i);
      if (item.type.kind != ExternKind::kFunc) continue;
      std::vector<Value> arguments;
      for (ValType type : item.signature.params) {
        const uint32_t parameter = static_cast<uint32_t>(arguments.size());
        arguments.push_back(ValueOf(type, ArgumentBits(options_.seed, i, round, parameter, type)));
      }
      Result<RunResult> run = store_->Invoke(instance_, item.name, arguments);
      if (!run && ClassOf(run.error().code) == ErrorClass::kLimit) {
        CallRecord& refused = seen_.calls.emplace_back();
        refused.name = item.name;
        refused.ending = Ending::kExhausted;
      } else {
        seen_.calls.push_back(Finish(std::string(item.name), Check(std::move(run), "invoke")));
      }
    }
  }

  void LookAtState() {
    for (const ExportInfo item : module_.exports()) {
      if (item.type.kind == ExternKind::kMemory) {
        const MemoryView memory = Check(store_->GetMemory(instance_, item.name), "memory");
        const uint64_t size = Check(memory.size_bytes(), "size");
        Hash hash;
        hash.AddBytes(Check(memory.Borrow(0, size), "borrow"));
        seen_.memories.push_back(hash.value());
      } else if (item.type.kind == ExternKind::kGlobal) {
        seen_.globals.push_back(Observed(Check(store_->GetGlobal(instance_, item.name), "global")));
      } else if (item.type.kind == ExternKind::kTable) {
        const TableView table = Check(store_->GetTable(instance_, item.name), "table");
        const uint64_t size = Check(table.size(), "size");
        Hash hash;
        hash.Add(size);
        for (uint64_t i = 0; i < size; ++i) hash.Add(BitsOf(Check(table.Get(i), "get")));
        seen_.tables.push_back(hash.value());
      }
    }
  }

  std::span<const uint8_t> bytes_;
  const RunOptions& options_;
  Observation seen_;
  Module module_;
  Module neighbour_;
  Store* store_ = nullptr;
  InstanceId instance_;
  std::optional<InstanceId> neighbour_instance_;
  bool is_interrupt_wanted_ = false;
  bool is_answered_through_handle_ = false;
  std::optional<FuncHandle> scribbler_;
  uint32_t pauses_ = 0;
  uint64_t given_ = 0;  // fuel that host functions added during the call
  static constexpr uint32_t kMostLooks = 200;   // what an input may take in time
  static constexpr uint64_t kBytesOfUnit = 64;
  std::optional<MemoryView> watched_;
  uint32_t looks_ = 0;
  std::vector<uint8_t> seen_bytes_;  // at the last look
  uint64_t seen_spent_ = 0;
  std::vector<std::pair<FuncHandle, uint32_t>> exported_;  // and their indices
};

}  // namespace

Observation Observe(std::span<const uint8_t> module, const RunOptions& options) {
  return Session(module, options).Run();
}

}  // namespace sandbox::fuzz
