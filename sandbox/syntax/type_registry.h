// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Canonical types: structurally equal recursion groups get equal indices, so that type equality is equality of numbers
// and subtyping takes constant time. A Module has a registry of its own; a Store has one for all of its instances.
#ifndef SANDBOX_SYNTAX_TYPE_REGISTRY_H_
#define SANDBOX_SYNTAX_TYPE_REGISTRY_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "sandbox/base/budget.h"
#include "sandbox/base/error.h"
#include "sandbox/base/vec.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

// One type of a recursion group, as it is offered to the registry. Items are the parameters followed by the results of
// a function type, or the fields; only fields may be packed or mutable.
// A reference to member i of the same group is written HeapType::Defined(kGroupMember + i) and likewise super; other
// references are canonical indices of this registry.
struct TypeDefinition {
  static constexpr CanonIdx kGroupMember = 1u << 26;

  CompositeKind kind = CompositeKind::kFunc;
  bool is_final = true;
  CanonIdx super = kNoIndex;  // at most one supertype
  uint32_t item_count = 0;
  uint32_t param_count = 0;
};

// A function type. The spans live as long as the registry and until its next Intern.
struct FuncTypeView {
  std::span<const ValType> params;
  std::span<const ValType> results;
};

class TypeRegistry {
 public:
  // What the length of a chain of supertypes is limited to in any case (limits.def has the configurable limit).
  static constexpr uint64_t kMaxSubtypeDepth = 63;

  explicit TypeRegistry(Budget& budget) noexcept;

  // Finds or adds a recursion group. items: those of all members, one member after the other.
  // Returns the canonical index of the first member; the others follow. The caller has checked that references are in
  // range and that a supertype precedes its subtypes; whether declared supertypes match is checked by CheckSupertypes.
  // Errors: kLimitExceeded when there would be more than max_types, class memory. Nothing changes then.
  // Time: linear in the group, expected.
  [[nodiscard]] Result<CanonIdx> Intern(std::span<const TypeDefinition> group, std::span<const FieldType> items,
                                        uint64_t max_types, uint64_t max_subtype_depth);

  // Finds or adds all types of `from`, group by group.
  // map[i] is where `from`'s type i is in this registry, or kNoIndex; it grows to from.size() and is filled.
  // Errors as Intern; groups mapped until then stay. This is how a module's types become store-wide at instantiation.
  [[nodiscard]] Result<void> InternAll(const TypeRegistry& from, Vec<CanonIdx>& map, uint64_t max_types);

  // kBadSubtype unless the type matches its declared supertype, which is not final (spec "valid-subtype").
  [[nodiscard]] Result<void> CheckSupertype(CanonIdx type) const;

  uint32_t size() const { return static_cast<uint32_t>(types_.size()); }
  CompositeKind KindOf(CanonIdx type) const { return types_[type].kind; }
  bool IsFinal(CanonIdx type) const { return types_[type].is_final; }
  CanonIdx SuperOf(CanonIdx type) const { return types_[type].super; }
  FuncTypeView FuncType(CanonIdx index) const {
    const Type& type = types_[index];
    const auto items = items_.span().subspan(type.first_item, type.item_count);
    return {items.first(type.param_count), items.subspan(type.param_count)};
  }
  // What calls want to know of a function type, without its lists.
  uint32_t ResultCount(CanonIdx type) const { return types_[type].item_count - types_[type].param_count; }
  uint32_t ParamSlots(CanonIdx index) const {
    const Type& type = types_[index];
    return type.has_vectors ? SlotsOf(FuncType(index).params) : type.param_count;
  }
  uint32_t ResultSlots(CanonIdx index) const {
    const Type& type = types_[index];
    return type.has_vectors ? SlotsOf(FuncType(index).results) : type.item_count - type.param_count;
  }
  // Fields of a struct (all) or array (one).
  uint32_t FieldCount(CanonIdx type) const { return types_[type].item_count; }
  FieldType Field(CanonIdx type, uint32_t field) const;
  // The recursion group that a type belongs to.
  CanonIdx GroupStart(CanonIdx type) const { return types_[type].group_start; }
  uint32_t GroupSize(CanonIdx type) const { return types_[type].group_size; }

  // Spec "Matching". Constant time.
  bool IsSubtype(CanonIdx sub, CanonIdx super) const;
  bool Matches(HeapType sub, HeapType super) const;
  bool Matches(ValType sub, ValType super) const;
  bool Matches(const ExternType& given, const ExternType& expected) const;
  // The top of a heap type's hierarchy: any, func, extern or exn.
  HeapType::Abstract TopOf(HeapType heap) const;

  // Value type whose defined heap types are renamed by a map as of InternAll.
  static ValType Rename(ValType type, std::span<const CanonIdx> map);

 private:
  struct Type {
    CompositeKind kind;
    bool is_final;
    bool has_vectors;      // one of its items takes two cells
    uint8_t depth;         // number of supertypes above
    CanonIdx super;
    uint32_t first_item;   // into items_
    uint32_t item_count;
    uint32_t param_count;
    CanonIdx group_start;
    uint32_t group_size;
    uint32_t first_super;  // into supers_: the chain from the root down to the direct supertype
  };
  struct Bucket {
    uint64_t hash;
    CanonIdx group_start;  // kNoIndex: empty
  };

  bool GroupEquals(CanonIdx start, std::span<const TypeDefinition> group, std::span<const FieldType> items) const;
  [[nodiscard]] Result<void> GrowBuckets();
  [[nodiscard]] Result<void> Append(std::span<const TypeDefinition> group, std::span<const FieldType> items,
                                    uint64_t max_subtype_depth);

  Vec<Type> types_;
  Vec<ValType> items_;
  Vec<uint8_t> item_mutable_;  // one flag for each item; fields only
  Vec<CanonIdx> supers_;
  Vec<Bucket> buckets_;        // open addressing, a power of two of them
  size_t group_count_ = 0;
  uint64_t hash_seed_;
};

}  // namespace sandbox

#endif  // SANDBOX_SYNTAX_TYPE_REGISTRY_H_
