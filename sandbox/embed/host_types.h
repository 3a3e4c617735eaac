// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// C++ types and the WebAssembly types that they stand for: what typed calls and typed host functions are made of.
//   int32_t, uint32_t: i32     int64_t, uint64_t: i64     float: f32     double: f64
// Every other integer of those sizes stands for the same (enumerations, bool and character types of one byte do not).
#ifndef SANDBOX_EMBED_HOST_TYPES_H_
#define SANDBOX_EMBED_HOST_TYPES_H_

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "sandbox/base/build_config.h"
#include "sandbox/base/error.h"
#include "sandbox/base/trap.h"
#include "sandbox/runtime/slot.h"
#include "sandbox/runtime/value.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

class Caller;

// What a host function returns when it may trap: `return 42;` or `return Trap(TrapCode::kHost);`.
template <typename T>
using HostResult = OrTrap<T>;

template <typename T>
concept HostInteger = std::integral<T> && !std::same_as<T, bool> && (sizeof(T) == 4 || sizeof(T) == 8);
template <typename T>
concept HostFloat = kFloats && (std::same_as<T, float> || std::same_as<T, double>);
// A C++ type that stands for a number type.
template <typename T>
concept HostNumber = HostInteger<T> || HostFloat<T>;

template <HostNumber T>
constexpr ValType TypeOfHost() {
  if constexpr (std::integral<T>) {
    return sizeof(T) == 4 ? ValType::I32() : ValType::I64();
  } else {
    return sizeof(T) == 4 ? ValType::F32() : ValType::F64();
  }
}

template <HostNumber T>
constexpr Slot SlotOfHost(T value) {
  if constexpr (sizeof(T) == 4) {
    return std::bit_cast<uint32_t>(value);
  } else {
    return std::bit_cast<uint64_t>(value);
  }
}

template <HostNumber T>
constexpr T HostOfSlot(Slot slot) {
  if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(static_cast<uint32_t>(slot));
  } else {
    return std::bit_cast<T>(slot);
  }
}

template <HostNumber T>
constexpr Value ValueOfHost(T value) {
  if constexpr (std::integral<T>) {
    if constexpr (sizeof(T) == 4) {
      return Value::I32(static_cast<uint32_t>(value));
    } else {
      return Value::I64(static_cast<uint64_t>(value));
    }
  } else if constexpr (sizeof(T) == 4) {
    return Value::F32Bits(std::bit_cast<uint32_t>(value));
  } else {
    return Value::F64Bits(std::bit_cast<uint64_t>(value));
  }
}

// The value is of the type that T stands for.
template <HostNumber T>
constexpr T HostOfValue(const Value& value) {
  if constexpr (std::integral<T>) {
    return static_cast<T>(sizeof(T) == 4 ? value.u32() : value.u64());
  } else if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(value.f32_bits());
  } else {
    return std::bit_cast<T>(value.f64_bits());
  }
}

// What several numbers have in common: their types as an array, and the ways in and out of cells and values.
template <typename... T>
struct HostPack {
  static constexpr size_t kSize = sizeof...(T);
  static constexpr std::array<ValType, kSize> kTypes{TypeOfHost<T>()...};
  using Tuple = std::tuple<T...>;

  static constexpr std::array<Slot, kSize> ToSlots(const Tuple& values) {
    return std::apply([](auto... v) { return std::array<Slot, kSize>{SlotOfHost(v)...}; }, values);
  }
  static constexpr Tuple FromSlots(std::span<const Slot> slots) {
    return FromSlotsAt(slots, std::make_index_sequence<kSize>());
  }
  static void StoreSlots(const Tuple& values, std::span<Slot> slots) {
    size_t i = 0;
    for (Slot slot : ToSlots(values)) slots[i++] = slot;
  }

  static constexpr bool Matches(std::span<const Value> values) {
    if (values.size() != kSize) return false;
    size_t i = 0;
    for (ValType type : kTypes) {
      if (values[i++].type() != type) return false;
    }
    return true;
  }
  static constexpr Tuple FromValues(std::span<const Value> values) {
    return FromValuesAt(values, std::make_index_sequence<kSize>());
  }

 private:
  template <size_t... kAt>
  static constexpr Tuple FromSlotsAt([[maybe_unused]] std::span<const Slot> slots, std::index_sequence<kAt...>) {
    return Tuple{HostOfSlot<T>(slots[kAt])...};
  }
  template <size_t... kAt>
  static constexpr Tuple FromValuesAt([[maybe_unused]] std::span<const Value> values, std::index_sequence<kAt...>) {
    return Tuple{HostOfValue<T>(values[kAt])...};
  }
};

// A return type: void, a number, or a tuple of numbers.
template <typename R>
struct HostReturn;
template <>
struct HostReturn<void> {
  using Pack = HostPack<>;
};
template <HostNumber R>
struct HostReturn<R> {
  using Pack = HostPack<R>;
  static R Unpack(const std::tuple<R>& values) { return std::get<0>(values); }
  static std::tuple<R> ToTuple(R value) { return {value}; }
};
template <HostNumber... R>
struct HostReturn<std::tuple<R...>> {
  using Pack = HostPack<R...>;
  static std::tuple<R...> Unpack(const std::tuple<R...>& values) { return values; }
  static std::tuple<R...> ToTuple(const std::tuple<R...>& values) { return values; }
};

// Values as R, or the error when they are of another type.
template <typename R>
[[nodiscard]] Result<R> ConvertValues(std::span<const Value> values, ErrorCode mismatch) {
  using Pack = typename HostReturn<R>::Pack;
  if (!Pack::Matches(values)) return Fail(mismatch);
  if constexpr (std::is_void_v<R>) {
    return {};
  } else {
    return HostReturn<R>::Unpack(Pack::FromValues(values));
  }
}

// How a C++ callable is called as a host function: its shape without the leading Caller& that it may have.
template <typename Signature>
struct HostSignature;
template <typename R, typename... A>
struct HostSignature<R(A...)> {
  using Return = R;
  using Params = HostPack<std::remove_cvref_t<A>...>;
  static constexpr bool kTakesCaller = false;
};
template <typename R, typename... A>
struct HostSignature<R(Caller&, A...)> {
  using Return = R;
  using Params = HostPack<std::remove_cvref_t<A>...>;
  static constexpr bool kTakesCaller = true;
};

template <typename F>
struct HostCallable : HostCallable<decltype(&F::operator())> {};
template <typename R, typename... A>
struct HostCallable<R (*)(A...)> : HostSignature<R(A...)> {};
template <typename R, typename... A>
struct HostCallable<R (*)(A...) noexcept> : HostSignature<R(A...)> {};
template <typename F, typename R, typename... A>
struct HostCallable<R (F::*)(A...)> : HostSignature<R(A...)> {};
template <typename F, typename R, typename... A>
struct HostCallable<R (F::*)(A...) noexcept> : HostSignature<R(A...)> {};
template <typename F, typename R, typename... A>
struct HostCallable<R (F::*)(A...) const> : HostSignature<R(A...)> {};
template <typename F, typename R, typename... A>
struct HostCallable<R (F::*)(A...) const noexcept> : HostSignature<R(A...)> {};

// Strips HostResult from a return type.
template <typename R>
struct HostPlainReturn {
  using Type = R;
  static constexpr bool kMayTrap = false;
};
template <typename R>
struct HostPlainReturn<HostResult<R>> {
  using Type = R;
  static constexpr bool kMayTrap = true;
};

// Calls a function with the arguments in `slots` and puts its results there. caller: null for one that takes none.
template <typename F>
HostResult<void> CallHostFunction(F& function, [[maybe_unused]] Caller* caller, std::span<Slot> slots) {
  using Shape = HostCallable<F>;
  using Plain = HostPlainReturn<typename Shape::Return>;
  using Return = HostReturn<typename Plain::Type>;
  const auto call = [&](auto... arguments) -> typename Shape::Return {
    if constexpr (Shape::kTakesCaller) {
      return function(*caller, arguments...);
    } else {
      return function(arguments...);
    }
  };
  const auto arguments = Shape::Params::FromSlots(slots);
  if constexpr (Plain::kMayTrap) {
    auto result = std::apply(call, arguments);
    if (!result) return std::unexpected(result.error());
    if constexpr (!std::is_void_v<typename Plain::Type>) Return::Pack::StoreSlots(Return::ToTuple(*result), slots);
  } else if constexpr (std::is_void_v<typename Plain::Type>) {
    std::apply(call, arguments);
  } else {
    Return::Pack::StoreSlots(Return::ToTuple(std::apply(call, arguments)), slots);
  }
  return {};
}

}  // namespace sandbox

#endif  // SANDBOX_EMBED_HOST_TYPES_H_
