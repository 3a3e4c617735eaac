// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/handles.h"

#include <algorithm>

#include "sandbox/embed/store_state.h"
#include "sandbox/runtime/memory.h"
#include "sandbox/runtime/table.h"

namespace sandbox {
namespace {

// The object of a place, found again: a member of HostObject or an array of Instance.
template <typename T>
Result<T*> Resolve(const ObjectPlace& place, T* HostObject::*of_host, Vec<T*> Instance::*of_instance) {
  StoreState* const store = place.store.get();
  if (store == nullptr) return Fail(ErrorCode::kStaleHandle);
  if (place.is_host) {
    if (place.epoch != store->links_epoch()) return Fail(ErrorCode::kStaleHandle);
    return store->data.host_objects[place.index].*of_host;
  }
  SANDBOX_ASSIGN(Instance* const instance, store->Find(InstanceId(store->id(), place.epoch, place.instance)));
  return (instance->*of_instance)[place.index];
}

Result<Memory*> FindMemory(const ObjectPlace& place) {
  SANDBOX_ASSIGN(SharedMemory* const shared, Resolve(place, &HostObject::memory, &Instance::memories));
  return &shared->object;
}

Result<Table*> FindTable(const ObjectPlace& place) {
  SANDBOX_ASSIGN(SharedTable* const shared, Resolve(place, &HostObject::table, &Instance::tables));
  return &shared->object;
}

Result<Global*> FindGlobal(const ObjectPlace& place) {
  SANDBOX_ASSIGN(SharedGlobal* const shared, Resolve(place, &HostObject::global, &Instance::globals));
  return &shared->object;
}

}  // namespace

// --- Memories ------------------------------------------------------------------------------------------------------

Result<uint64_t> MemoryView::size_bytes() const {
  SANDBOX_ASSIGN(const Memory* const memory, FindMemory(place_));
  return memory->view().size;
}

Result<uint64_t> MemoryView::pages() const {
  SANDBOX_ASSIGN(const Memory* const memory, FindMemory(place_));
  return memory->pages();
}

Result<MemoryType> MemoryView::type() const {
  SANDBOX_ASSIGN(const Memory* const memory, FindMemory(place_));
  return memory->type();
}

Result<MutableByteSpan> MemoryView::Borrow(uint64_t address, uint64_t length) const {
  SANDBOX_ASSIGN(const Memory* const memory, FindMemory(place_));
  const MemView view = memory->view();
  if (!view.Contains(address, length)) return Fail(ErrorCode::kOutOfRange);
  return view.Range(address, length);
}

Result<void> MemoryView::ReadBytes(uint64_t address, MutableByteSpan out) const {
  SANDBOX_ASSIGN(const MutableByteSpan bytes, Borrow(address, out.size()));
  CopyInto(out, bytes);
  return {};
}

Result<void> MemoryView::WriteBytes(uint64_t address, ByteSpan bytes) const {
  SANDBOX_ASSIGN(const MutableByteSpan target, Borrow(address, bytes.size()));
  CopyInto(target, bytes);
  return {};
}

Result<std::string_view> MemoryView::ReadString(uint64_t address, uint64_t length, std::span<char> out) const {
  SANDBOX_ASSIGN(const MutableByteSpan bytes, Borrow(address, length));
  if (bytes.size() > out.size()) return Fail(ErrorCode::kOutOfRange);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return std::string_view(out.data(), bytes.size());
}

Result<std::string_view> MemoryView::ReadCString(uint64_t address, std::span<char> out) const {
  SANDBOX_ASSIGN(const uint64_t size, size_bytes());
  if (address > size) return Fail(ErrorCode::kOutOfRange);
  // The zero byte is not copied, so text of out.size() characters fits.
  const uint64_t rest = size - address;
  SANDBOX_ASSIGN(const MutableByteSpan bytes,
                 Borrow(address, rest <= out.size() ? rest : uint64_t{out.size()} + 1));
  const auto end = std::find(bytes.begin(), bytes.end(), uint8_t{0});
  if (end == bytes.end()) return Fail(ErrorCode::kOutOfRange);
  std::copy(bytes.begin(), end, out.begin());
  return std::string_view(out.data(), static_cast<size_t>(end - bytes.begin()));
}

Result<void> MemoryView::WriteString(uint64_t address, std::string_view text) const {
  return WriteBytes(address, AsBytes(text));
}

Result<uint64_t> MemoryView::Grow(uint64_t delta_pages) const {
  SANDBOX_ASSIGN(Memory* const memory, FindMemory(place_));
  StoreData& data = place_.store.get()->data;
  return memory->Grow(delta_pages, data.limits, data.moved_bytes);
}

// --- Tables --------------------------------------------------------------------------------------------------------

Result<uint64_t> TableView::size() const {
  SANDBOX_ASSIGN(const Table* const table, FindTable(place_));
  return table->size();
}

Result<TableType> TableView::type() const {
  SANDBOX_ASSIGN(const Table* const table, FindTable(place_));
  return table->type();
}

Result<Value> TableView::Get(uint64_t index) const {
  SANDBOX_ASSIGN(const Table* const table, FindTable(place_));
  if (index >= table->size()) return Fail(ErrorCode::kOutOfRange);
  const Ref ref = table->elements()[static_cast<size_t>(index)];
  return place_.store.get()->ValueOfSlot(ref, 0, table->type().element);
}

Result<void> TableView::Set(uint64_t index, const Value& value) const {
  SANDBOX_ASSIGN(Table* const table, FindTable(place_));
  if (index >= table->size()) return Fail(ErrorCode::kOutOfRange);
  SANDBOX_ASSIGN(const Slot slot,
                 place_.store.get()->SlotOfValue(value, table->type().element, ErrorCode::kWrongArguments));
  table->elements()[static_cast<size_t>(index)] = static_cast<Ref>(slot);
  return {};
}

Result<uint64_t> TableView::Grow(uint64_t delta, const Value& fill) const {
  SANDBOX_ASSIGN(Table* const table, FindTable(place_));
  StoreState& store = *place_.store.get();
  SANDBOX_ASSIGN(const Slot slot, store.SlotOfValue(fill, table->type().element, ErrorCode::kWrongArguments));
  return table->Grow(delta, static_cast<Ref>(slot), store.data.limits, store.data.moved_bytes);
}

// --- Globals -------------------------------------------------------------------------------------------------------

Result<GlobalType> GlobalView::type() const {
  SANDBOX_ASSIGN(const Global* const global, FindGlobal(place_));
  return global->type;
}

Result<Value> GlobalView::Get() const {
  SANDBOX_ASSIGN(const Global* const global, FindGlobal(place_));
  return place_.store.get()->ValueOfSlot(global->value, global->high, global->type.type);
}

Result<void> GlobalView::Set(const Value& value) const {
  SANDBOX_ASSIGN(Global* const global, FindGlobal(place_));
  if (!global->type.is_mutable) return Fail(ErrorCode::kNotMutable);
  SANDBOX_ASSIGN(const CellPair cells, place_.store.get()->CellsOfValue(value, global->type.type));
  global->value = cells[0];
  global->high = cells[1];
  return {};
}

}  // namespace sandbox
