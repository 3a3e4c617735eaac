// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Names of things in a store, and views of its memories and tables.
//
// None of them can dangle: each use looks the thing up again. kStaleHandle when the store, its instance or (after a
// Store::Reset) its epoch is gone; kWrongStore for a name of another store.
#ifndef SANDBOX_EMBED_HANDLES_H_
#define SANDBOX_EMBED_HANDLES_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sandbox/base/bytes.h"
#include "sandbox/base/error.h"
#include "sandbox/embed/store_ref.h"
#include "sandbox/runtime/value.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

// Tells apart stores that are alive at the same time.
class StoreId {
 public:
  constexpr StoreId() = default;
  explicit constexpr StoreId(uint64_t key) : key_(key) {}
  constexpr uint64_t key() const { return key_; }
  friend constexpr bool operator==(StoreId, StoreId) = default;

 private:
  uint64_t key_ = 0;
};

// An instance of one store. Plain data.
class InstanceId {
 public:
  constexpr InstanceId() = default;  // names nothing: kWrongStore
  // For the library.
  constexpr InstanceId(StoreId store, uint32_t epoch, uint32_t index) : store_(store), epoch_(epoch), index_(index) {}
  constexpr StoreId store() const { return store_; }
  constexpr uint32_t epoch() const { return epoch_; }
  // Instances are numbered in the order of instantiation since the store was made or reset.
  constexpr uint32_t index() const { return index_; }
  friend constexpr bool operator==(const InstanceId&, const InstanceId&) = default;

 private:
  StoreId store_;
  uint32_t epoch_ = 0;
  uint32_t index_ = 0;
};

// The place of a memory, table or global: the n-th of an instance, or an object linked by the host.
struct ObjectPlace {
  StoreRef store;
  uint32_t epoch = 0;
  bool is_host = false;   // then `index` counts the store's host objects
  uint32_t instance = 0;
  uint32_t index = 0;
};

// A linear memory. Base and length are read again at each access, so that growth, release and reset are harmless.
// Addresses are offsets in bytes; numbers are little-endian; any alignment will do.
//
// Another thread or the guest (when it goes on) may change the bytes: copy once, then check the copy.
class MemoryView {
 public:
  MemoryView() = default;  // a stale one
  explicit MemoryView(ObjectPlace place) noexcept : place_(std::move(place)) {}  // for the library

  // What can be accessed, in bytes: with a span of the embedder's less than pages() * 64 KiB, perhaps.
  [[nodiscard]] Result<uint64_t> size_bytes() const;
  // The size that the guest sees, in pages of 64 KiB.
  [[nodiscard]] Result<uint64_t> pages() const;
  [[nodiscard]] Result<MemoryType> type() const;

  // Errors (of all accesses): kOutOfRange when a byte of the range does not exist, and then nothing was read or
  // written; kStaleHandle.
  template <typename T>
    requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
  [[nodiscard]] Result<T> Read(uint64_t address) const {
    std::array<uint8_t, sizeof(T)> bytes{};
    SANDBOX_TRY(ReadBytes(address, bytes));
    return std::bit_cast<T>(bytes);
  }
  template <typename T>
    requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
  [[nodiscard]] Result<void> Write(uint64_t address, std::type_identity_t<T> value) const {
    return WriteBytes(address, std::bit_cast<std::array<uint8_t, sizeof(T)>>(value));
  }

  // Copies out.size() bytes from the guest, or all of `bytes` to it.
  [[nodiscard]] Result<void> ReadBytes(uint64_t address, MutableByteSpan out) const;
  [[nodiscard]] Result<void> WriteBytes(uint64_t address, ByteSpan bytes) const;

  // Copies `length` bytes of text to the front of `out`. kOutOfRange also when `out` is shorter. The bytes are the
  // guest's: they need not be UTF-8.
  [[nodiscard]] Result<std::string_view> ReadString(uint64_t address, uint64_t length, std::span<char> out) const;
  // Copies text up to, not including, the first zero byte. kOutOfRange when there is none in the memory or within
  // out.size() bytes.
  [[nodiscard]] Result<std::string_view> ReadCString(uint64_t address, std::span<char> out) const;
  // Writes the text, without a zero byte.
  [[nodiscard]] Result<void> WriteString(uint64_t address, std::string_view text) const;

  // The bytes themselves. The span is good until the next call into the store (or return to the guest): whatever lets
  // the guest run or the memory grow may move it. Prefer the copying accessors.
  [[nodiscard]] Result<MutableByteSpan> Borrow(uint64_t address, uint64_t length) const;

  // memory.grow by the host: no fuel. Returns the previous size in pages.
  // Errors: kLimitExceeded (its maximum, a limit), class memory, kStaleHandle. Nothing changes then.
  [[nodiscard]] Result<uint64_t> Grow(uint64_t delta_pages) const;

  const ObjectPlace& place() const { return place_; }  // for the library

 private:
  ObjectPlace place_;
};

// A table.
class TableView {
 public:
  TableView() = default;  // a stale one
  explicit TableView(ObjectPlace place) noexcept : place_(std::move(place)) {}  // for the library

  [[nodiscard]] Result<uint64_t> size() const;
  // With store-wide types (Store::SignatureOf).
  [[nodiscard]] Result<TableType> type() const;
  // Errors: kOutOfRange, kStaleHandle; Set and Grow: kWrongArguments for a value that is not of the element type.
  [[nodiscard]] Result<Value> Get(uint64_t index) const;
  [[nodiscard]] Result<void> Set(uint64_t index, const Value& value) const;
  // table.grow by the host: no fuel. Returns the previous size. Errors: also kLimitExceeded, class memory.
  [[nodiscard]] Result<uint64_t> Grow(uint64_t delta, const Value& fill) const;

  const ObjectPlace& place() const { return place_; }  // for the library

 private:
  ObjectPlace place_;
};

// A global.
class GlobalView {
 public:
  GlobalView() = default;  // a stale one
  explicit GlobalView(ObjectPlace place) noexcept : place_(std::move(place)) {}  // for the library

  [[nodiscard]] Result<GlobalType> type() const;
  [[nodiscard]] Result<Value> Get() const;
  // Errors: kNotMutable, kWrongArguments for a value of another type, kStaleHandle.
  [[nodiscard]] Result<void> Set(const Value& value) const;

  const ObjectPlace& place() const { return place_; }  // for the library

 private:
  ObjectPlace place_;
};

}  // namespace sandbox

#endif  // SANDBOX_EMBED_HANDLES_H_
