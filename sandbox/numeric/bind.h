// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Binds the numeric rows of the opcode table to their functions: numeric::Binding<Op::kI32Add>::kFunction is
// numeric::I32Add. A function that is missing, or whose type does not spell its row's signature, fails to compile.
#ifndef SANDBOX_NUMERIC_BIND_H_
#define SANDBOX_NUMERIC_BIND_H_

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "sandbox/base/build_config.h"
#include "sandbox/base/trap.h"
#include "sandbox/numeric/convert.h"
#include "sandbox/numeric/float.h"
#include "sandbox/numeric/int.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox::numeric {
namespace bind_internal {

template <typename T>
inline constexpr Operand kOperandOf = Operand::kNone;
template <>
inline constexpr Operand kOperandOf<uint32_t> = Operand::kI32;
template <>
inline constexpr Operand kOperandOf<uint64_t> = Operand::kI64;
template <>
inline constexpr Operand kOperandOf<float> = Operand::kF32;
template <>
inline constexpr Operand kOperandOf<double> = Operand::kF64;

// The result of a function without the possibility of a trap.
template <typename T>
struct WithoutTrap {
  using Type = T;
};
template <typename T>
struct WithoutTrap<OrTrap<T>> {
  using Type = T;
};

template <typename Result, typename... Params>
consteval bool Spells(Result (*)(Params...), Signature signature) {
  if (signature.by_hand() || sizeof...(Params) != signature.param_count()) return false;
  size_t i = 0;
  return ((kOperandOf<Params> == signature.param(i++)) && ...) &&
         kOperandOf<typename WithoutTrap<Result>::Type> == signature.result();
}

template <typename Result, typename... Params>
consteval bool Traps(Result (*)(Params...)) {
  return !std::same_as<Result, typename WithoutTrap<Result>::Type>;
}

}  // namespace bind_internal

// Specialized for every numeric row of this build:
//   kFunction  the pure function
//   kTraps     whether it returns an OrTrap
template <Op kOp>
struct Binding;

#define SANDBOX_BIND(name)                                                                             \
  template <>                                                                                          \
  struct Binding<Op::k##name> {                                                                        \
    static constexpr auto kFunction = &name;                                                           \
    static constexpr bool kTraps = bind_internal::Traps(&name);                                        \
    static_assert(bind_internal::Spells(&name, InfoOf(Op::k##name).signature), "numeric::" #name); \
  };

// A row binds when its family is numeric and its feature is in this build: both are tokens of the row.
#define SANDBOX_BIND_kControl(name, feature)
#define SANDBOX_BIND_kCall(name, feature)
#define SANDBOX_BIND_kParametric(name, feature)
#define SANDBOX_BIND_kVariable(name, feature)
#define SANDBOX_BIND_kTable(name, feature)
#define SANDBOX_BIND_kMemory(name, feature)
#define SANDBOX_BIND_kLoad(name, feature)
#define SANDBOX_BIND_kStore(name, feature)
#define SANDBOX_BIND_kConst(name, feature)
#define SANDBOX_BIND_kNumeric(name, feature) SANDBOX_BIND_IF_##feature(name)
#define SANDBOX_BIND_kReference(name, feature)
#define SANDBOX_BIND_kAggregate(name, feature)
#define SANDBOX_BIND_kVector(name, feature)
#define SANDBOX_BIND_kException(name, feature)
#define SANDBOX_BIND_IF_kCore1(name) SANDBOX_BIND(name)
#define SANDBOX_BIND_IF_kSignExt(name) SANDBOX_BIND(name)
#if SANDBOX_FLOATS
#define SANDBOX_BIND_IF_kFloat(name) SANDBOX_BIND(name)
#define SANDBOX_BIND_IF_kSaturating(name) SANDBOX_BIND(name)
#else
#define SANDBOX_BIND_IF_kFloat(name)
#define SANDBOX_BIND_IF_kSaturating(name)
#endif

#define SANDBOX_OP(name, prefix, code, text, immediates, signature, feature, family, anchor) \
  SANDBOX_BIND_##family(name, feature)
#include "sandbox/syntax/opcode.def"
#undef SANDBOX_OP

#undef SANDBOX_BIND_kControl
#undef SANDBOX_BIND_kCall
#undef SANDBOX_BIND_kParametric
#undef SANDBOX_BIND_kVariable
#undef SANDBOX_BIND_kTable
#undef SANDBOX_BIND_kMemory
#undef SANDBOX_BIND_kLoad
#undef SANDBOX_BIND_kStore
#undef SANDBOX_BIND_kConst
#undef SANDBOX_BIND_kNumeric
#undef SANDBOX_BIND_kReference
#undef SANDBOX_BIND_kAggregate
#undef SANDBOX_BIND_kVector
#undef SANDBOX_BIND_kException
#undef SANDBOX_BIND_IF_kCore1
#undef SANDBOX_BIND_IF_kSignExt
#undef SANDBOX_BIND_IF_kFloat
#undef SANDBOX_BIND_IF_kSaturating
#undef SANDBOX_BIND

// True of the rows that have a Binding in this build.
constexpr bool IsBound(Op op) { return InfoOf(op).family == Family::kNumeric && IsBuiltIn(op); }

}  // namespace sandbox::numeric

#endif  // SANDBOX_NUMERIC_BIND_H_
