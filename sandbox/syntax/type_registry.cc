// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/syntax/type_registry.h"

#include <algorithm>
#include <array>
#include <optional>

#include "sandbox/syntax/keyed_hash.h"
#include "sandbox/syntax/limits.h"

namespace sandbox {
namespace {

constexpr CanonIdx kGroupMember = TypeDefinition::kGroupMember;

constexpr uint32_t Bit(HeapType::Abstract heap) { return 1u << heap; }

// The abstract heap types at or above each abstract one, as bit sets (spec "Heap Types", matching).
constexpr auto kSupers = [] {
  std::array<uint32_t, HeapType::kAbstractCount> supers{};
  const uint32_t eq = Bit(HeapType::kEq) | Bit(HeapType::kAny);
  supers[HeapType::kFunc] = Bit(HeapType::kFunc);
  supers[HeapType::kNoFunc] = Bit(HeapType::kNoFunc) | Bit(HeapType::kFunc);
  supers[HeapType::kExtern] = Bit(HeapType::kExtern);
  supers[HeapType::kNoExtern] = Bit(HeapType::kNoExtern) | Bit(HeapType::kExtern);
  supers[HeapType::kExn] = Bit(HeapType::kExn);
  supers[HeapType::kNoExn] = Bit(HeapType::kNoExn) | Bit(HeapType::kExn);
  supers[HeapType::kAny] = Bit(HeapType::kAny);
  supers[HeapType::kEq] = eq;
  supers[HeapType::kI31] = Bit(HeapType::kI31) | eq;
  supers[HeapType::kStruct] = Bit(HeapType::kStruct) | eq;
  supers[HeapType::kArray] = Bit(HeapType::kArray) | eq;
  supers[HeapType::kNone] =
      Bit(HeapType::kNone) | Bit(HeapType::kI31) | Bit(HeapType::kStruct) | Bit(HeapType::kArray) | eq;
  supers[HeapType::kBottom] = ~0u;
  return supers;
}();

constexpr HeapType::Abstract AbstractOf(CompositeKind kind) {
  switch (kind) {
    case CompositeKind::kFunc: return HeapType::kFunc;
    case CompositeKind::kStruct: return HeapType::kStruct;
    case CompositeKind::kArray: return HeapType::kArray;
  }
  return HeapType::kBottom;
}

// A canonical index as a definition of the group [start, start + size) spells it.
constexpr CanonIdx Relative(CanonIdx index, CanonIdx start, uint32_t size) {
  return index - start < size ? kGroupMember + (index - start) : index;
}
// And back.
constexpr CanonIdx Absolute(CanonIdx index, CanonIdx start) {
  return index >= kGroupMember && index != kNoIndex ? start + (index - kGroupMember) : index;
}

constexpr bool IsDefined(ValType type) { return type.is_ref() && !type.heap().is_abstract(); }

constexpr ValType Relative(ValType type, CanonIdx start, uint32_t size) {
  if (!IsDefined(type)) return type;
  return ValType::Ref(HeapType::Defined(Relative(type.heap().index(), start, size)), type.is_nullable());
}
constexpr ValType Absolute(ValType type, CanonIdx start) {
  if (!IsDefined(type)) return type;
  return ValType::Ref(HeapType::Defined(Absolute(type.heap().index(), start)), type.is_nullable());
}

uint64_t HashGroup(std::span<const TypeDefinition> group, std::span<const FieldType> items, uint64_t seed) {
  KeyedHash hash(seed);
  for (const TypeDefinition& type : group) {
    hash.Add(uint64_t{static_cast<uint8_t>(type.kind)} | uint64_t{type.is_final} << 8 | uint64_t{type.super} << 32);
    hash.Add(uint64_t{type.item_count} | uint64_t{type.param_count} << 32);
  }
  for (const FieldType& item : items) hash.Add(uint64_t{item.type.bits()} | uint64_t{item.is_mutable} << 32);
  return hash.Finish();
}

bool LimitsMatch(const Limits& given, const Limits& expected) {
  if (given.is_64 != expected.is_64 || given.min < expected.min) return false;
  return !expected.max || (given.max && *given.max <= *expected.max);
}

}  // namespace

TypeRegistry::TypeRegistry(Budget& budget) noexcept
    : types_(budget),
      items_(budget),
      item_mutable_(budget),
      supers_(budget),
      buckets_(budget),
      hash_seed_(KeyFromAddress(&budget)) {}

// Whether the group that starts at `start` is the one offered. A reference into the group itself differs from one to an
// equal group interned before: that is what makes recursive types equal by their definition, not by what they unroll to.
bool TypeRegistry::GroupEquals(CanonIdx start, std::span<const TypeDefinition> group,
                               std::span<const FieldType> items) const {
  const uint32_t size = static_cast<uint32_t>(group.size());
  if (types_[start].group_size != size) return false;
  size_t item = types_[start].first_item;
  for (uint32_t i = 0; i < size; ++i) {
    const Type& type = types_[start + i];
    const TypeDefinition& offered = group[i];
    if (type.kind != offered.kind || type.is_final != offered.is_final || type.item_count != offered.item_count ||
        type.param_count != offered.param_count || Relative(type.super, start, size) != offered.super) {
      return false;
    }
  }
  for (const FieldType& offered : items) {
    if (Relative(items_[item], start, size) != offered.type || (item_mutable_[item] != 0) != offered.is_mutable) {
      return false;
    }
    ++item;
  }
  return true;
}

Result<void> TypeRegistry::GrowBuckets() {
  const size_t count = std::max<size_t>(16, buckets_.size() * 2);
  Vec<Bucket> grown(buckets_.budget());
  SANDBOX_TRY(grown.Resize(count, Bucket{0, kNoIndex}));
  for (const Bucket& bucket : buckets_) {
    if (bucket.group_start == kNoIndex) continue;
    size_t slot = bucket.hash & (count - 1);
    while (grown[slot].group_start != kNoIndex) slot = (slot + 1) & (count - 1);
    grown[slot] = bucket;
  }
  buckets_ = std::move(grown);
  return {};
}

// Appends the types of a group; leaves what it appended behind when it fails.
Result<void> TypeRegistry::Append(std::span<const TypeDefinition> group, std::span<const FieldType> items,
                                  uint64_t max_subtype_depth) {
  const CanonIdx start = size();
  SANDBOX_TRY(types_.ReserveMore(group.size()));
  SANDBOX_TRY(items_.ReserveMore(items.size()));
  SANDBOX_TRY(item_mutable_.ReserveMore(items.size()));
  uint32_t first_item = static_cast<uint32_t>(items_.size());
  for (const FieldType& item : items) {
    SANDBOX_TRY(items_.Push(Absolute(item.type, start)));
    SANDBOX_TRY(item_mutable_.Push(item.is_mutable ? 1 : 0));
  }
  for (const TypeDefinition& definition : group) {
    Type type{};
    type.kind = definition.kind;
    type.is_final = definition.is_final;
    type.super = Absolute(definition.super, start);
    type.first_item = first_item;
    type.item_count = definition.item_count;
    type.param_count = definition.param_count;
    type.group_start = start;
    type.group_size = static_cast<uint32_t>(group.size());
    type.first_super = static_cast<uint32_t>(supers_.size());
    if (type.super != kNoIndex) {
      const Type& super = types_[type.super];
      if (super.depth >= max_subtype_depth) return LimitError(LimitId::subtype_depth);
      type.depth = static_cast<uint8_t>(super.depth + 1);
      for (uint32_t i = 0; i < super.depth; ++i) SANDBOX_TRY(supers_.Push(CanonIdx{supers_[super.first_super + i]}));
      SANDBOX_TRY(supers_.Push(type.super));
    }
    for (const ValType item : items_.span().subspan(first_item, definition.item_count)) {
      type.has_vectors |= item.slots() == 2;
    }
    first_item += definition.item_count;
    SANDBOX_TRY(types_.Push(type));
  }
  return {};
}

Result<CanonIdx> TypeRegistry::Intern(std::span<const TypeDefinition> group, std::span<const FieldType> items,
                                      uint64_t max_types, uint64_t max_subtype_depth) {
  if (group.empty()) return size();
  if (group_count_ + 1 > buckets_.size() / 4 * 3) SANDBOX_TRY(GrowBuckets());
  const uint64_t hash = HashGroup(group, items, hash_seed_);
  const size_t mask = buckets_.size() - 1;
  size_t slot = hash & mask;
  for (; buckets_[slot].group_start != kNoIndex; slot = (slot + 1) & mask) {
    if (buckets_[slot].hash == hash && GroupEquals(buckets_[slot].group_start, group, items)) {
      return buckets_[slot].group_start;
    }
  }

  const CanonIdx start = size();
  if (start > max_types || group.size() > max_types - start) return LimitError(LimitId::types);
  if (items.size() > kNoIndex - items_.size()) return LimitError(LimitId::types);
  const size_t item_count = items_.size();
  const size_t super_count = supers_.size();
  if (auto appended = Append(group, items, max_subtype_depth); !appended) {
    types_.Truncate(start);
    items_.Truncate(item_count);
    item_mutable_.Truncate(std::min(item_count, item_mutable_.size()));
    supers_.Truncate(super_count);
    return std::unexpected(appended.error());
  }
  buckets_[slot] = {hash, start};
  ++group_count_;
  return start;
}

Result<void> TypeRegistry::InternAll(const TypeRegistry& from, Vec<CanonIdx>& map, uint64_t max_types) {
  SANDBOX_TRY(map.Resize(from.size(), kNoIndex));
  Vec<TypeDefinition> group(types_.budget());
  Vec<FieldType> items(types_.budget());
  // A group refers to earlier groups and to itself only, so index order maps each before it is needed.
  for (CanonIdx start = 0; start < from.size(); start += from.types_[start].group_size) {
    if (map[start] != kNoIndex) continue;
    const uint32_t group_size = from.types_[start].group_size;
    const auto rename = [&](CanonIdx index) {
      if (index == kNoIndex) return index;
      const CanonIdx relative = Relative(index, start, group_size);
      return relative >= kGroupMember ? relative : map[index];
    };
    group.Clear();
    items.Clear();
    for (CanonIdx i = start; i < start + group_size; ++i) {
      const Type& type = from.types_[i];
      SANDBOX_TRY(
          group.Push({type.kind, type.is_final, rename(type.super), type.item_count, type.param_count}));
      for (uint32_t k = 0; k < type.item_count; ++k) {
        ValType item = from.items_[type.first_item + k];
        if (IsDefined(item)) item = ValType::Ref(HeapType::Defined(rename(item.heap().index())), item.is_nullable());
        SANDBOX_TRY(items.Push({item, from.item_mutable_[type.first_item + k] != 0}));
      }
    }
    SANDBOX_ASSIGN(const CanonIdx mapped, Intern(group.span(), items.span(), max_types, kMaxSubtypeDepth));
    for (uint32_t i = 0; i < group_size; ++i) map[start + i] = mapped + i;
  }
  return {};
}

Result<void> TypeRegistry::CheckSupertype(CanonIdx type) const {
  const Type& sub = types_[type];
  if (sub.super == kNoIndex) return {};
  const Type& super = types_[sub.super];
  if (super.is_final || super.kind != sub.kind) return Fail(ErrorCode::kBadSubtype);
  bool matches = sub.item_count >= super.item_count;
  if (sub.kind == CompositeKind::kFunc) {
    matches = sub.item_count == super.item_count && sub.param_count == super.param_count;
  }
  for (uint32_t i = 0; matches && i < super.item_count; ++i) {
    const ValType mine = items_[sub.first_item + i];
    const ValType theirs = items_[super.first_item + i];
    if (sub.kind == CompositeKind::kFunc) {
      matches = i < sub.param_count ? Matches(theirs, mine) : Matches(mine, theirs);
    } else if (item_mutable_[super.first_item + i] != 0) {
      matches = mine == theirs && item_mutable_[sub.first_item + i] != 0;
    } else {
      matches = Matches(mine, theirs) && item_mutable_[sub.first_item + i] == 0;
    }
  }
  if (!matches) return Fail(ErrorCode::kBadSubtype);
  return {};
}

FieldType TypeRegistry::Field(CanonIdx type, uint32_t field) const {
  SANDBOX_CHECK(field < types_[type].item_count);
  const uint32_t item = types_[type].first_item + field;
  return {items_[item], item_mutable_[item] != 0};
}

bool TypeRegistry::IsSubtype(CanonIdx sub, CanonIdx super) const {
  if (sub == super) return true;
  const Type& lower = types_[sub];
  const uint8_t depth = types_[super].depth;
  return depth < lower.depth && supers_[lower.first_super + depth] == super;
}

bool TypeRegistry::Matches(HeapType sub, HeapType super) const {
  if (sub == super) return true;
  if (super.is_abstract()) {
    const HeapType::Abstract lower = sub.is_abstract() ? sub.abstract() : AbstractOf(types_[sub.index()].kind);
    return (kSupers[lower] & Bit(super.abstract())) != 0;
  }
  if (!sub.is_abstract()) return IsSubtype(sub.index(), super.index());
  if (sub == HeapType::kBottom) return true;
  return sub == (types_[super.index()].kind == CompositeKind::kFunc ? HeapType::kNoFunc : HeapType::kNone);
}

bool TypeRegistry::Matches(ValType sub, ValType super) const {
  if (sub == super || sub.kind() == ValKind::kBottom) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  return (super.is_nullable() || !sub.is_nullable()) && Matches(sub.heap(), super.heap());
}

bool TypeRegistry::Matches(const ExternType& given, const ExternType& expected) const {
  if (given.kind != expected.kind) return false;
  switch (given.kind) {
    case ExternKind::kFunc: return IsSubtype(given.type, expected.type);
    case ExternKind::kTag: return given.type == expected.type;
    case ExternKind::kMemory: return LimitsMatch(given.memory.limits, expected.memory.limits);
    case ExternKind::kTable:
      return given.table.element == expected.table.element && LimitsMatch(given.table.limits, expected.table.limits);
    case ExternKind::kGlobal:
      if (given.global.is_mutable != expected.global.is_mutable) return false;
      return given.global.is_mutable ? given.global.type == expected.global.type
                                     : Matches(given.global.type, expected.global.type);
  }
  return false;
}

HeapType::Abstract TypeRegistry::TopOf(HeapType heap) const {
  const HeapType::Abstract abstract = heap.is_abstract() ? heap.abstract() : AbstractOf(types_[heap.index()].kind);
  for (const HeapType::Abstract top : {HeapType::kFunc, HeapType::kExtern, HeapType::kExn}) {
    if ((kSupers[abstract] & Bit(top)) != 0) return top;
  }
  return HeapType::kAny;
}

ValType TypeRegistry::Rename(ValType type, std::span<const CanonIdx> map) {
  if (!IsDefined(type)) return type;
  return ValType::Ref(HeapType::Defined(map[type.heap().index()]), type.is_nullable());
}

}  // namespace sandbox
