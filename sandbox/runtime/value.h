// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Values as an embedder sees them: tagged, and independent of the store's memory. (Inside, cells are untagged: slot.h.)
#ifndef SANDBOX_RUNTIME_VALUE_H_
#define SANDBOX_RUNTIME_VALUE_H_

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <optional>

#include "sandbox/base/build_config.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

// Names a function of one store. Plain data: copy it freely, compare it. Every use is checked: another store answers
// kWrongStore, and kStaleHandle comes back once the function's instance was released or the store reset.
class FuncHandle {
 public:
  // Refers to nothing: every use answers kWrongStore.
  constexpr FuncHandle() = default;
  // For the library. store_key: which store; epoch: counts its resets; address: the function there.
  constexpr FuncHandle(uint64_t store_key, uint32_t epoch, uint32_t address)
      : store_key_(store_key), epoch_(epoch), address_(address) {}

  constexpr uint64_t store_key() const { return store_key_; }
  constexpr uint32_t epoch() const { return epoch_; }
  constexpr uint32_t address() const { return address_; }
  friend constexpr bool operator==(const FuncHandle&, const FuncHandle&) = default;

 private:
  uint64_t store_key_ = 0;
  uint32_t epoch_ = 0;
  uint32_t address_ = 0;
};

// A number, a vector or a reference, with its type. Floating-point numbers are kept as bits, so that NaN payloads
// survive: f32_bits() and f64_bits() are exact on every machine.
//
// An accessor of another type than the value's returns 0 (or nothing): a value's type may be the guest's choice, so
// asking for the wrong one is defined. As with type(), ask first where it matters.
class Value {
 public:
  // An i32 of 0.
  constexpr Value() = default;

  // Integers have no sign of their own: -1 and 0xffff'ffff are the same i32.
  template <std::integral T>
    requires(sizeof(T) <= 4)
  static constexpr Value I32(T value) {
    return {ValType::I32(), static_cast<uint32_t>(value)};
  }
  template <std::integral T>
  static constexpr Value I64(T value) {
    return {ValType::I64(), static_cast<uint64_t>(value)};
  }
  static constexpr Value F32Bits(uint32_t bits) { return {ValType::F32(), bits}; }
  static constexpr Value F64Bits(uint64_t bits) { return {ValType::F64(), bits}; }
#if SANDBOX_FLOATS
  static constexpr Value F32(float value) { return F32Bits(std::bit_cast<uint32_t>(value)); }
  static constexpr Value F64(double value) { return F64Bits(std::bit_cast<uint64_t>(value)); }
#endif
  // bytes: lane 0 first.
  static constexpr Value V128(const std::array<uint8_t, 16>& bytes) {
    const auto halves = std::bit_cast<std::array<uint64_t, 2>>(bytes);
    return {ValType::V128(), halves[0], halves[1]};
  }
  static constexpr Value FuncRef(FuncHandle function) {
    return {ValType::Ref(HeapType::kFunc, false), uint64_t{function.epoch()} << 32 | function.address(),
            function.store_key()};
  }
  // handle: the embedder's own number for something of the host's; not ~0, which no reference can hold (that value
  // makes a null reference). The guest can pass it around but learns nothing from it.
  static constexpr Value ExternRef(uint32_t handle) {
    return handle == ~uint32_t{0} ? Null(HeapType::kExtern) : Value(ValType::Ref(HeapType::kExtern, false), handle);
  }
  // A null reference. It fits every nullable type of the hierarchy that `heap` is in.
  static constexpr Value Null(HeapType::Abstract heap) { return {ValType::Ref(heap, true), 0}; }

  // The dynamic type: (ref func) or (ref extern) for references that are not null, (ref null heap) for null ones.
  constexpr ValType type() const { return type_; }
  constexpr ValKind kind() const { return type_.kind(); }

  constexpr int32_t i32() const { return static_cast<int32_t>(u32()); }
  constexpr uint32_t u32() const { return kind() == ValKind::kI32 ? static_cast<uint32_t>(low_) : 0; }
  constexpr int64_t i64() const { return static_cast<int64_t>(u64()); }
  constexpr uint64_t u64() const { return kind() == ValKind::kI64 ? low_ : 0; }
  constexpr uint32_t f32_bits() const { return kind() == ValKind::kF32 ? static_cast<uint32_t>(low_) : 0; }
  constexpr uint64_t f64_bits() const { return kind() == ValKind::kF64 ? low_ : 0; }
#if SANDBOX_FLOATS
  constexpr float f32() const { return std::bit_cast<float>(f32_bits()); }
  constexpr double f64() const { return std::bit_cast<double>(f64_bits()); }
#endif
  constexpr std::array<uint8_t, 16> v128() const {
    const bool is_vector = kind() == ValKind::kV128;
    return std::bit_cast<std::array<uint8_t, 16>>(std::array<uint64_t, 2>{is_vector ? low_ : 0, is_vector ? high_ : 0});
  }

  constexpr bool is_ref() const { return type_.is_ref(); }
  constexpr bool is_null() const { return is_ref() && type_.is_nullable(); }
  // The function or external handle behind a reference that is one and not null.
  constexpr std::optional<FuncHandle> func() const {
    if (type_ != ValType::Ref(HeapType::kFunc, false)) return std::nullopt;
    return FuncHandle(high_, static_cast<uint32_t>(low_ >> 32), static_cast<uint32_t>(low_));
  }
  constexpr std::optional<uint32_t> extern_handle() const {
    if (type_ != ValType::Ref(HeapType::kExtern, false)) return std::nullopt;
    return static_cast<uint32_t>(low_);
  }

  // For the library. A number of this type out of a cell, and the cell of a number: zero-extended.
  static constexpr Value Number(ValType type, uint64_t cell) {
    const bool is_short = type.kind() == ValKind::kI32 || type.kind() == ValKind::kF32;
    return {type, is_short ? static_cast<uint32_t>(cell) : cell};
  }
  constexpr uint64_t number_cell() const { return low_; }

  // Same type and same bits: a NaN equals itself, 0.0 does not equal -0.0.
  friend constexpr bool operator==(const Value&, const Value&) = default;

 private:
  constexpr Value(ValType type, uint64_t low, uint64_t high = 0) : low_(low), high_(high), type_(type) {}

  uint64_t low_ = 0;   // numbers zero-extended; a function's epoch and address
  uint64_t high_ = 0;  // upper half of a vector; a function's store
  ValType type_ = ValType::I32();
};

}  // namespace sandbox

#endif  // SANDBOX_RUNTIME_VALUE_H_
