// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A validated module: loaded once, shared by any number of stores and threads.
#ifndef SANDBOX_EMBED_MODULE_H_
#define SANDBOX_EMBED_MODULE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "sandbox/base/bytes.h"
#include "sandbox/base/error.h"
#include "sandbox/embed/config.h"
#include "sandbox/syntax/type_registry.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

class ModuleState;
struct ModuleData;

// A function's parameters and results. The spans live as long as what they were asked of (a Module, or a Store until
// its next instantiation or link).
using FuncSignature = FuncTypeView;

struct ImportInfo {
  std::string_view module;
  std::string_view name;
  ExternType type;
  FuncSignature signature;  // of a function or tag
};

struct ExportInfo {
  std::string_view name;
  ExternType type;
  FuncSignature signature;  // of a function or tag
  uint32_t index = 0;       // in the module's index space of its kind
};

struct CustomSectionInfo {
  std::string_view name;
  ByteSpan payload;
};

// What a module consists of and needs.
struct ModuleSizes {
  uint64_t module_bytes = 0;
  uint64_t code_bytes = 0;        // function bodies without their local declarations
  uint64_t side_table_bytes = 0;  // what the in-place tier adds to them
  uint64_t held_bytes = 0;        // all that the module holds beside its own bytes, side table included
  uint64_t copied_bytes = 0;      // module_bytes after LoadCopy, else 0
  uint32_t functions = 0;         // defined ones
  uint32_t max_frame_slots = 0;   // 8-byte cells of the largest frame: locals and operands
  uint32_t max_locals_slots = 0;
  uint64_t memory_bytes = 0;      // declared minimum of all defined memories, saturated
  uint64_t table_elements = 0;    // declared minimum of all defined tables, saturated
};

// A sequence that is computed as it is read: Item is made by asking Owner for its i-th one.
template <typename Owner, typename Item, Item (Owner::*kAt)(size_t) const>
class InfoRange {
 public:
  class Iterator {
   public:
    Iterator(const Owner* owner, size_t at) : owner_(owner), at_(at) {}
    Item operator*() const { return (owner_->*kAt)(at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const Owner* owner_;
    size_t at_;
  };

  InfoRange(const Owner* owner, size_t size) : owner_(owner), size_(size) {}
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // An empty Item when i is out of range.
  Item operator[](size_t i) const { return (owner_->*kAt)(i); }
  Iterator begin() const { return {owner_, 0}; }
  Iterator end() const { return {owner_, size_}; }

 private:
  const Owner* owner_;
  size_t size_;
};

// Copies are cheap (a counter) and refer to the same immutable thing, which dies with the last copy or the last
// instance made of it. Safe to use, copy and destroy in several threads at once.
//
// An empty Module (default-made or moved from) has no imports, no exports and no bytes; instantiating it is
// kBadConfiguration.
class Module {
 public:
  // Decodes and validates in one pass. The bytes stay where they are and are not copied.
  //
  // bytes:   never change and outlive every copy of the module and every instance of it.
  // Errors:  malformed, invalid, unsupported (with the instruction in `detail`), limit; each with the byte offset.
  //          Class memory when limits.load_bytes or the allocator refuses. kBadConfiguration for limits above their
  //          maximum.
  // Time:    linear in the number of bytes.
  // Spec:    embed-module-decode, embed-module-validate.
  [[nodiscard]] static Result<Module> Load(ByteSpan bytes, const LoadOptions& options = {});

  // As Load, of a copy of the bytes that the module owns (and that counts into limits.load_bytes).
  [[nodiscard]] static Result<Module> LoadCopy(ByteSpan bytes, const LoadOptions& options = {});

  Module() = default;
  Module(const Module& other) noexcept;
  Module(Module&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Module& operator=(Module other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Module();

  bool is_empty() const { return state_ == nullptr; }
  ByteSpan bytes() const;

  // All text and spans below live as long as the module's bytes; names are valid UTF-8, but for those of
  // function_name(), which come from a custom section that nothing checks.
  // Imports and exports in the order of their sections. Spec: embed-module-imports, embed-module-exports.
  size_t import_count() const;
  ImportInfo import(size_t i) const;
  auto imports() const { return InfoRange<Module, ImportInfo, &Module::import>(this, import_count()); }

  size_t export_count() const;
  ExportInfo export_at(size_t i) const;
  auto exports() const { return InfoRange<Module, ExportInfo, &Module::export_at>(this, export_count()); }
  // Constant expected time.
  std::optional<ExportInfo> FindExport(std::string_view name) const;

  size_t custom_section_count() const;
  CustomSectionInfo custom_section(size_t i) const;
  auto custom_sections() const {
    return InfoRange<Module, CustomSectionInfo, &Module::custom_section>(this, custom_section_count());
  }

  // The type section, by TypeIdx. Types that are equal are one type: HeapType::Defined(i) in a value type is a number
  // that DefinedTypeOf gives for every equal entry of the type section.
  size_t type_count() const;
  CompositeKind type_kind(TypeIdx type) const;
  CanonIdx DefinedTypeOf(TypeIdx type) const;
  // Empty for a structure or array type and for an index out of range.
  FuncSignature type_signature(TypeIdx type) const;
  FuncSignature SignatureOf(CanonIdx defined_type) const;

  uint32_t function_count() const;  // imported ones included
  // Of a function of the module, imported ones first; empty when out of range.
  FuncSignature function_signature(FuncIdx function) const;
  // From the name section, else "". Linear in that section: for messages.
  std::string_view function_name(FuncIdx function) const;
  std::optional<FuncIdx> start_function() const;

  ModuleSizes sizes() const;

  // For the library.
  const ModuleData* data() const;
  ModuleState* state() const { return state_; }
  static Module Share(ModuleState* state) noexcept;
  friend bool operator==(const Module&, const Module&) = default;

 private:
  explicit Module(ModuleState* state) noexcept : state_(state) {}

  ModuleState* state_ = nullptr;
};

}  // namespace sandbox

#endif  // SANDBOX_EMBED_MODULE_H_
