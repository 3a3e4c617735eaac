// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The only file that sees wabt's headers. It includes nothing of ours but the C header: see there.
#include "fuzz/reference/wabt_boundary.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "wabt/binary-reader-nop.h"
#include "wabt/binary-reader.h"
#include "wabt/cast.h"
#include "wabt/error.h"
#include "wabt/feature.h"
#include "wabt/interp/binary-reader-interp.h"
#include "wabt/interp/interp.h"

namespace {

namespace interp = wabt::interp;

// What both wabt and this library know. Typed references, garbage collection and this library's exceptions are not in
// wabt 1.0.32; vectors and threads are not in this library.
wabt::Features KnownToBoth() {
  wabt::Features features;
  features.EnableAll();
  features.disable_exceptions();
  features.disable_simd();
  features.disable_relaxed_simd();
  features.disable_threads();
  features.disable_function_references();
  features.disable_annotations();
  features.disable_code_metadata();
  features.disable_gc();
  return features;
}

wabt::ReadBinaryOptions Options() { return {KnownToBoth(), nullptr, false, true, true}; }

// Where wabt's reader is known to accept too much (see known_differences.cc): whether the module is such a place.
class Reviewer final : public wabt::BinaryReaderNop {
 public:
  const std::string& remarks() const { return remarks_; }

  // Errors are the other reading's.
  bool OnError(const wabt::Error&) override { return true; }

  wabt::Result BeginFunctionBody(wabt::Index, wabt::Offset) override {
    body_begin_ = state->offset;
    has_typed_select_ = false;
    return Begin();
  }
  wabt::Result EndFunctionBody(wabt::Index) override {
    if (has_typed_select_) Remark("typed select " + std::to_string(body_begin_) + "-" + std::to_string(state->offset));
    return End();
  }
  wabt::Result BeginGlobalInitExpr(wabt::Index) override { return Begin(); }
  wabt::Result EndGlobalInitExpr(wabt::Index) override { return End(); }
  wabt::Result BeginElemSegmentInitExpr(wabt::Index) override { return Begin(); }
  wabt::Result EndElemSegmentInitExpr(wabt::Index) override { return End(); }
  wabt::Result OnImportMemory(wabt::Index, std::string_view, std::string_view, wabt::Index,
                              const wabt::Limits* limits) override {
    is_64_.push_back(limits->is_64);
    return wabt::Result::Ok;
  }
  wabt::Result OnMemory(wabt::Index, const wabt::Limits* limits) override {
    is_64_.push_back(limits->is_64);
    return wabt::Result::Ok;
  }
  wabt::Result BeginDataSegment(wabt::Index, wabt::Index memory, uint8_t) override {
    if (memory < is_64_.size() && is_64_[memory] != is_64_[0]) Remark("a data segment with another index type");
    return wabt::Result::Ok;
  }
  wabt::Result BeginDataSegmentInitExpr(wabt::Index) override { return Begin(); }
  wabt::Result EndDataSegmentInitExpr(wabt::Index) override { return End(); }

  wabt::Result OnOpcode(wabt::Opcode) override {
    if (depth_ == 0) Remark("an expression goes on after its end");
    return wabt::Result::Ok;
  }
  wabt::Result OnSelectExpr(wabt::Index count, wabt::Type*) override {
    if (count > 0) has_typed_select_ = true;
    return wabt::Result::Ok;
  }
  wabt::Result OnBlockExpr(wabt::Type) override { return Open(); }
  wabt::Result OnLoopExpr(wabt::Type) override { return Open(); }
  wabt::Result OnIfExpr(wabt::Type) override { return Open(); }
  wabt::Result OnEndExpr() override {
    --depth_;
    return wabt::Result::Ok;
  }

 private:
  void Remark(const std::string& remark) { remarks_ += remark + "; "; }
  wabt::Result Begin() {
    depth_ = 1;
    return wabt::Result::Ok;
  }
  wabt::Result Open() {
    ++depth_;
    return wabt::Result::Ok;
  }
  wabt::Result End() {
    if (depth_ > 0) Remark("an expression has no end");
    return wabt::Result::Ok;
  }

  int64_t depth_ = 0;
  std::vector<bool> is_64_;  // memories
  wabt::Offset body_begin_ = 0;
  bool has_typed_select_ = false;
  std::string remarks_;
};

// What wabt says goes into `message`: its errors, and the reviewer's remarks.
bool Read(const uint8_t* bytes, size_t size, interp::ModuleDesc* description, char* message, size_t message_bytes,
          bool reviews) {
  wabt::Errors errors;
  // Some errors are only reported.
  const bool is_valid =
      wabt::Succeeded(interp::ReadBinaryInterp("module", bytes, size, Options(), &errors, description)) && errors.empty();
  std::string words;
  for (const wabt::Error& error : errors) words += error.message + "; ";
  if (reviews) {
    Reviewer reviewer;
    (void)wabt::ReadBinary(bytes, size, &reviewer, Options());
    words += reviewer.remarks();
  }
  const size_t length = std::min(words.size(), message_bytes - 1);
  std::memcpy(message, words.data(), length);
  message[length] = 0;
  return is_valid;
}

uint8_t CodeOf(interp::ValueType type) { return static_cast<uint8_t>(static_cast<int32_t>(type) & 0x7f); }

bool IsNumber(interp::ValueType type) {
  return type == interp::ValueType::I32 || type == interp::ValueType::I64 || type == interp::ValueType::F32 ||
         type == interp::ValueType::F64;
}

interp::Value ValueOf(interp::ValueType type, uint64_t bits) {
  interp::Value value;
  if (type == interp::ValueType::I32 || type == interp::ValueType::F32) {
    value.Set<uint32_t>(static_cast<uint32_t>(bits));
  } else if (type == interp::ValueType::I64 || type == interp::ValueType::F64) {
    value.Set<uint64_t>(bits);
  } else {
    value.Set(interp::Ref::Null);
  }
  return value;
}

class Session {
 public:
  explicit Session(const WabtEvents& events) : events_(events), store_(KnownToBoth()) {}

  WabtOutcome Run(const interp::ModuleDesc& description, uint32_t rounds) {
    const interp::Module::Ptr module = interp::Module::New(store_, description);
    interp::RefVec imports;
    for (const interp::ImportType& import : module->import_types()) {
      imports.push_back(HostObject(*import.type));
      if (imports.back() == interp::Ref::Null) return kWabtUnlinkable;
    }
    interp::Trap::Ptr trap;
    instance_ = interp::Instance::Instantiate(store_, module.ref(), imports, &trap);
    if (!instance_) {
      Tell("start", {}, {}, trap.get(), false);
      return kWabtNoInstance;
    }
    Tell("start", {}, {}, nullptr, true);
    const std::vector<interp::ExportDesc>& exports = module->desc().exports;
    exports_ = &exports;
    for (uint32_t round = 0; round < rounds; ++round) {
      for (uint32_t i = 0; i < exports.size(); ++i) {
        if (!events_.goes_on(events_.context)) return kWabtRan;
        Call(exports[i], i, round);
      }
    }
    if (events_.goes_on(events_.context)) TellState(exports);
    return kWabtRan;
  }

 private:
  WabtValue Seen(interp::ValueType type, const interp::Value& value) const {
    WabtValue seen = {CodeOf(type), 0};
    if (type == interp::ValueType::I32 || type == interp::ValueType::F32) {
      seen.bits = value.Get<uint32_t>();
    } else if (IsNumber(type)) {
      seen.bits = value.Get<uint64_t>();
    } else {
      seen = Seen(type, value.Get<interp::Ref>());
    }
    return seen;
  }

  WabtValue Seen(interp::ValueType type, interp::Ref reference) const {
    WabtValue seen = {CodeOf(type), 0};
    if (reference == interp::Ref::Null) return seen;
    seen.bits = ~uint64_t{0};
    if (exports_ == nullptr) return seen;
    for (const interp::ExportDesc& item : *exports_) {
      if (item.type.type->kind == interp::ExternKind::Func && instance_->funcs()[item.index] == reference) {
        seen.bits = 1 + uint64_t{item.index};
      }
    }
    return seen;
  }

  // Exactly what is imported. Null: of a kind that is not known.
  interp::Ref HostObject(const interp::ExternType& type) {
    switch (type.kind) {
      case interp::ExternKind::Func: return HostFunction(*wabt::cast<interp::FuncType>(&type));
      case interp::ExternKind::Table: return interp::Table::New(store_, *wabt::cast<interp::TableType>(&type)).ref();
      case interp::ExternKind::Memory: return interp::Memory::New(store_, *wabt::cast<interp::MemoryType>(&type)).ref();
      case interp::ExternKind::Global: {
        const interp::GlobalType& global = *wabt::cast<interp::GlobalType>(&type);
        const uint64_t bits = events_.global_import(events_.context, imported_globals_++, CodeOf(global.type));
        return interp::Global::New(store_, global, ValueOf(global.type, bits)).ref();
      }
      default: return interp::Ref::Null;
    }
  }

  interp::Ref HostFunction(const interp::FuncType& type) {
    const auto answer = [this, type](interp::Thread&, const interp::Values& params, interp::Values& results,
                                     interp::Trap::Ptr*) {
      std::vector<WabtValue> arguments;
      for (size_t i = 0; i < params.size(); ++i) arguments.push_back(Seen(type.params[i], params[i]));
      results.resize(type.results.size());
      for (uint32_t i = 0; i < type.results.size(); ++i) {
        results[i] = ValueOf(type.results[i], events_.host_result(events_.context, arguments.data(), arguments.size(),
                                                                  i, CodeOf(type.results[i])));
      }
      return wabt::Result::Ok;
    };
    return interp::HostFunc::New(store_, type, answer).ref();
  }

  void Tell(const std::string& name, const interp::Values& values, const interp::ValueTypes& types,
            const interp::Trap* trap, bool is_good) {
    std::vector<WabtValue> results;
    for (size_t i = 0; i < types.size() && is_good; ++i) results.push_back(Seen(types[i], values[i]));
    const std::string words = trap != nullptr ? trap->message() : "no words";
    events_.ended(events_.context, name.data(), name.size(), is_good ? nullptr : words.c_str(), results.data(),
                  results.size());
  }

  void Call(const interp::ExportDesc& item, uint32_t number, uint32_t round) {
    if (item.type.type->kind != interp::ExternKind::Func) return;
    const interp::Func::Ptr function = store_.UnsafeGet<interp::Func>(instance_->funcs()[item.index]);
    const interp::ValueTypes& params = function->type().params;
    interp::Values arguments;
    for (uint32_t i = 0; i < params.size(); ++i) {
      arguments.push_back(
          ValueOf(params[i], events_.argument(events_.context, number, round, i, CodeOf(params[i]))));
    }
    interp::Values results;
    interp::Trap::Ptr trap;
    const bool is_good = wabt::Succeeded(function->Call(store_, arguments, results, &trap));
    Tell(item.type.name, results, function->type().results, trap.get(), is_good);
  }

  void TellState(const std::vector<interp::ExportDesc>& exports) {
    for (const interp::ExportDesc& item : exports) {
      if (item.type.type->kind == interp::ExternKind::Memory) {
        const auto memory = store_.UnsafeGet<interp::Memory>(instance_->memories()[item.index]);
        events_.memory(events_.context, memory->UnsafeData(), static_cast<size_t>(memory->ByteSize()));
      } else if (item.type.type->kind == interp::ExternKind::Global) {
        const auto global = store_.UnsafeGet<interp::Global>(instance_->globals()[item.index]);
        events_.global(events_.context, Seen(global->type().type, global->Get()));
      } else if (item.type.type->kind == interp::ExternKind::Table) {
        const auto table = store_.UnsafeGet<interp::Table>(instance_->tables()[item.index]);
        std::vector<WabtValue> elements;
        for (const interp::Ref element : table->elements()) elements.push_back(Seen(table->type().element, element));
        events_.table(events_.context, elements.data(), elements.size());
      }
    }
  }

  const WabtEvents& events_;
  interp::Store store_;
  interp::Instance::Ptr instance_;
  uint32_t imported_globals_ = 0;
  const std::vector<interp::ExportDesc>* exports_ = nullptr;
};

}  // namespace

int WabtAccepts(const uint8_t* bytes, size_t size, char* message, size_t message_bytes) {
  interp::ModuleDesc description;
  return Read(bytes, size, &description, message, message_bytes, true) ? 1 : 0;
}

WabtOutcome WabtRun(const uint8_t* bytes, size_t size, uint32_t rounds, const WabtEvents* events, char* message,
                    size_t message_bytes) {
  interp::ModuleDesc description;
  if (!Read(bytes, size, &description, message, message_bytes, false)) return kWabtRejected;
  return Session(*events).Run(description, rounds);
}
