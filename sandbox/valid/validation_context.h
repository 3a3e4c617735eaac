// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What the validators of one module share (spec "Contexts"): the part of the context that is in ModuleData, and what
// only validation needs to know.
#ifndef SANDBOX_VALID_VALIDATION_CONTEXT_H_
#define SANDBOX_VALID_VALIDATION_CONTEXT_H_

#include <cstdint>
#include <optional>

#include "sandbox/base/error.h"
#include "sandbox/base/vec.h"
#include "sandbox/binary/cursor.h"
#include "sandbox/module/module_data.h"
#include "sandbox/syntax/limits.h"

namespace sandbox {

// The functions that ref.func may name in a body: those that occur outside of bodies (spec: C.refs).
class DeclaredFunctions {
 public:
  explicit DeclaredFunctions(Budget& budget) : bits_(budget) {}

  // Call once, when the number of functions is known.
  [[nodiscard]] Result<void> SetCount(uint32_t functions) { return bits_.Resize(CeilDiv(functions, 32u)); }
  // function is below the count.
  void Add(FuncIdx function) { bits_[function / 32] |= 1u << function % 32; }
  bool Contains(FuncIdx function) const { return (bits_[function / 32] >> function % 32 & 1) != 0; }

 private:
  Vec<uint32_t> bits_;
};

struct ValidationContext {
  ValidationContext(ModuleData& data, const ImplementationLimits& configured, ErrorSink& errors, Budget& budget)
      : module(data), limits(configured), sink(errors), declared(budget) {}

  // Moves the failure of a Result into the sink. offset is for errors that have none and are not of class memory.
  template <typename T>
  [[nodiscard]] bool Ok(const Result<T>& result, uint64_t offset) {
    return result.has_value() || Refuse(result.error(), offset);
  }
  [[gnu::cold]] bool Refuse(Error error, uint64_t offset) {
    if (error.offset == Error::kNoOffset && ClassOf(error.code) != ErrorClass::kMemory) error.offset = offset;
    return sink.Fail(error);
  }

  // Replaces the type index in a reference type that was just read by the canonical index.
  [[nodiscard]] bool Resolve(ValType& type, uint64_t offset) {
    if (!type.is_ref() || type.heap().is_abstract()) return true;
    HeapType heap = type.heap();
    if (!Resolve(heap, offset)) return false;
    type = ValType::Ref(heap, type.is_nullable());
    return true;
  }
  [[nodiscard]] bool Resolve(HeapType& type, uint64_t offset) {
    if (type.is_abstract()) return true;
    if (type.index() >= module.type_index.size()) return sink.Fail(ErrorCode::kUnknownType, offset);
    type = HeapType::Defined(module.type_index[type.index()]);
    return true;
  }
  // The canonical index of a function type.
  [[nodiscard]] bool FunctionTypeOf(TypeIdx index, uint64_t offset, CanonIdx& type) {
    if (index >= module.type_index.size()) return sink.Fail(ErrorCode::kUnknownType, offset);
    type = module.type_index[index];
    return module.types.KindOf(type) == CompositeKind::kFunc || sink.Fail(ErrorCode::kNotFunctionType, offset);
  }

  ModuleData& module;
  const ImplementationLimits& limits;
  ErrorSink& sink;
  DeclaredFunctions declared;
  std::optional<uint32_t> data_count;  // of the data count section
};

}  // namespace sandbox

#endif  // SANDBOX_VALID_VALIDATION_CONTEXT_H_
