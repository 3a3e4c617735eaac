// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Rules of sections and of what they declare (spec "valid-module", "binary-module").
#include <algorithm>

#include "fuzz/gen/breaker.h"

namespace sandbox::fuzz {
namespace {

using testing::Bytes;
using testing::Code;
using E = ErrorCode;

Bytes Zero() { return {0x41, 0x00, 0x0b}; }

Bytes ExportOf(uint8_t kind, uint64_t index) {
  return testing::Join({testing::EncodeName("broken"), {kind}, testing::EncodeU(index)});
}

bool DuplicateExport(Breaker& b) {
  EditableSection* exports = b.module.Find(kExportSection);
  if (exports == nullptr || exports->entries.empty()) return false;
  const Bytes entry = b.source.Pick(exports->entries);
  // Few are found in another way than many.
  if (b.source.OneIn(2)) exports->entries = {entry};
  return b.Add(kExportSection, entry);
}
bool ExportUnknownFunction(Breaker& b) { return b.Add(kExportSection, ExportOf(0, b.data.function_count())); }
bool ExportUnknownTable(Breaker& b) { return b.Add(kExportSection, ExportOf(1, b.data.tables.size())); }
bool ExportUnknownMemory(Breaker& b) { return b.Add(kExportSection, ExportOf(2, b.data.memories.size())); }
bool ExportUnknownGlobal(Breaker& b) { return b.Add(kExportSection, ExportOf(3, b.data.globals.size())); }
bool ExportUnknownTag(Breaker& b) { return b.Add(kExportSection, ExportOf(4, b.data.tags.size())); }
bool ExportOfNoKind(Breaker& b) { return b.Add(kExportSection, ExportOf(5 + b.source.Below(8), 0)); }
// Longer than need be, a surrogate, more than there is, cut off.
bool ExportOfNoName(Breaker& b) {
  switch (b.source.Below(4)) {
    case 0: return b.Add(kExportSection, {3, 0xed, 0xa0, 0x80, 0, 0});
    case 1: return b.Add(kExportSection, {4, 0xf4, 0x90, 0x80, 0x80, 0, 0});
    case 2: return b.Add(kExportSection, {2, 0xe2, 0x82, 0, 0});
    default: return b.Add(kExportSection, {2, 0xc0, 0x80, 0, 0});
  }
}

bool Start(Breaker& b, uint64_t function) {
  b.module.FindOrAdd(kStartSection).raw = testing::EncodeU(function);
  return true;
}
bool StartUnknown(Breaker& b) { return Start(b, b.data.function_count()); }
bool StartWithType(Breaker& b) {
  for (uint32_t i = 0; i < b.data.function_count(); ++i) {
    const FuncTypeView type = b.data.types.FuncType(b.data.FunctionType(i));
    if (!type.params.empty() || !type.results.empty()) return Start(b, i);
  }
  return false;
}

bool MemoryLimitsOrder(Breaker& b) { return b.Add(kMemorySection, {1, 2, 1}); }
bool MemoryTooLarge(Breaker& b) { return b.Add(kMemorySection, testing::Join({{0}, testing::EncodeU(65537)})); }
bool MemoryMaxTooLarge(Breaker& b) { return b.Add(kMemorySection, testing::Join({{1, 0}, testing::EncodeU(65537)})); }
bool MemoryFlags(Breaker& b) { return b.Add(kMemorySection, {static_cast<uint8_t>(8 + b.source.Below(100)), 0, 1}); }
bool MemoryShared(Breaker& b) { return b.Add(kMemorySection, {3, 1, 1}); }
bool TableLimitsOrder(Breaker& b) { return b.Add(kTableSection, {0x70, 1, 2, 1}); }
bool TableOfNumbers(Breaker& b) { return b.Add(kTableSection, {0x7f, 0, 1}); }
bool TableOfNonNull(Breaker& b) { return b.Add(kTableSection, {0x64, 0x70, 0, 1}); }
bool TableInitType(Breaker& b) { return b.Add(kTableSection, {0x40, 0, 0x70, 0, 1, 0x41, 0, 0x0b}); }

Bytes GlobalOf(uint8_t type, uint8_t is_mutable, const Bytes& init) { return testing::Join({{type, is_mutable}, init}); }
bool GlobalInitType(Breaker& b) { return b.Add(kGlobalSection, GlobalOf(0x7e, 0, Zero())); }
bool GlobalInitMissing(Breaker& b) { return b.Add(kGlobalSection, GlobalOf(0x7f, 0, {0x0b})); }
bool GlobalInitTwice(Breaker& b) { return b.Add(kGlobalSection, GlobalOf(0x7f, 0, {0x41, 0, 0x41, 0, 0x0b})); }
bool GlobalInitNotConstant(Breaker& b) { return b.Add(kGlobalSection, GlobalOf(0x7f, 0, {0x41, 0, 0x45, 0x0b})); }
bool GlobalInitOfItself(Breaker& b) {
  return b.Add(kGlobalSection, GlobalOf(0x7f, 0, Code().Op(Op::kGlobalGet, {b.data.globals.size()}).End()));
}
bool GlobalInitOfMutable(Breaker& b) {
  for (uint32_t i = 0; i < b.data.globals.size(); ++i) {
    if (!b.data.globals[i].type.is_mutable || b.data.globals[i].type.type != ValType::I32()) continue;
    return b.Add(kGlobalSection, GlobalOf(0x7f, 0, Code().Op(Op::kGlobalGet, {i}).End()));
  }
  return false;
}
bool GlobalInitUnknownFunction(Breaker& b) {
  return b.Add(kGlobalSection, GlobalOf(0x70, 0, Code().Op(Op::kRefFunc, {b.data.function_count()}).End()));
}
bool GlobalMutability(Breaker& b) { return b.Add(kGlobalSection, GlobalOf(0x7f, 2, Zero())); }
bool GlobalOfNoType(Breaker& b) { return b.Add(kGlobalSection, GlobalOf(0x40, 0, Zero())); }

bool ElementsUnknownTable(Breaker& b) {
  return b.Add(kElementSection, testing::Join({{2}, testing::EncodeU(b.data.tables.size()), Zero(), {0, 0}}));
}
bool ElementsUnknownFunction(Breaker& b) {
  return b.Add(kElementSection, testing::Join({{1, 0, 1}, testing::EncodeU(b.data.function_count())}));
}
bool ElementsFlags(Breaker& b) { return b.Add(kElementSection, {static_cast<uint8_t>(8 + b.source.Below(100)), 0, 0}); }
bool ElementsKind(Breaker& b) { return b.Add(kElementSection, {1, static_cast<uint8_t>(1 + b.source.Below(100)), 0}); }
bool ElementsOffsetType(Breaker& b) {
  if (b.data.tables.empty()) return false;
  const bool is_64 = b.data.tables[0].type.limits.is_64;
  return b.Add(kElementSection, {0, static_cast<uint8_t>(is_64 ? 0x41 : 0x42), 0, 0x0b, 0});
}
bool ElementsOfOtherType(Breaker& b) {
  for (uint32_t i = 0; i < b.data.tables.size(); ++i) {
    if (b.data.tables[i].type.element != ValType::ExternRef()) continue;
    const Bytes offset = b.data.tables[i].type.limits.is_64 ? Bytes{0x42, 0, 0x0b} : Zero();
    return b.Add(kElementSection, testing::Join({{2}, testing::EncodeU(i), offset, {0, 0}}));
  }
  return false;
}
bool ElementsExpressionType(Breaker& b) { return b.Add(kElementSection, {5, 0x70, 1, 0xd0, 0x6f, 0x0b}); }

// The number of segments is said before.
bool AddData(Breaker& b, const Bytes& entry) {
  std::erase_if(b.module.sections, [](const EditableSection& s) { return s.id == kDataCountSection; });
  if (!b.Add(kDataSection, entry)) return false;
  b.module.FindOrAdd(kDataCountSection).raw = testing::EncodeU(b.data.data.size() + 1);
  return true;
}
bool DataUnknownMemory(Breaker& b) {
  return AddData(b, testing::Join({{2}, testing::EncodeU(b.data.memories.size()), Zero(), {0}}));
}
bool DataFlags(Breaker& b) { return AddData(b, {static_cast<uint8_t>(3 + b.source.Below(100)), 0}); }
bool DataOffsetType(Breaker& b) {
  if (b.data.memories.empty()) return false;
  return AddData(b, {0, static_cast<uint8_t>(b.data.memories[0].limits.is_64 ? 0x41 : 0x42), 0, 0x0b, 0});
}
bool DataTooLong(Breaker& b) { return AddData(b, {1, 0x7f, 1, 2, 3}); }
bool DataCountWrong(Breaker& b) {
  b.module.FindOrAdd(kDataCountSection).raw = testing::EncodeU(b.data.data.size() + 1);
  return true;
}

bool BodyMissing(Breaker& b) {
  if (!b.has_bodies()) return false;
  b.module.Find(kCodeSection)->entries.pop_back();
  return true;
}
bool FunctionMissing(Breaker& b) {
  if (!b.has_bodies()) return false;
  b.module.Find(kFunctionSection)->entries.pop_back();
  return true;
}
bool FunctionOfUnknownType(Breaker& b) {
  b.Add(kCodeSection, {0, 0x0b});
  return b.Add(kFunctionSection, testing::EncodeU(b.data.type_index.size()));
}
bool FunctionOfStructType(Breaker& b) {
  const uint32_t type = b.AddType({0x5f, 0});
  b.Add(kCodeSection, {0, 0x0b});
  return b.Add(kFunctionSection, testing::EncodeU(type));
}
bool TypeForm(Breaker& b) { return b.Add(kTypeSection, {static_cast<uint8_t>(b.source.Below(0x4e)), 0, 0}); }
bool TypeOfUnknown(Breaker& b) {
  const Bytes index = testing::EncodeS(static_cast<int64_t>(b.data.type_index.size()) + 1);
  return b.Add(kTypeSection, testing::Join({{0x60, 1, 0x63}, index, {0}}));
}
bool TypeOfNoType(Breaker& b) { return b.Add(kTypeSection, {0x60, 1, 0x40, 0}); }
bool SubtypeOfFinal(Breaker& b) {
  const uint32_t super = b.AddType({0x60, 0, 0});
  b.AddType(testing::Join({{0x50, 1}, testing::EncodeU(super), {0x60, 0, 0}}));
  return true;
}
bool SubtypeOfOtherShape(Breaker& b) {
  const uint32_t super = b.AddType({0x50, 0, 0x60, 0, 0});
  b.AddType(testing::Join({{0x50, 1}, testing::EncodeU(super), {0x60, 1, 0x7f, 0}}));
  return true;
}
bool TagWithResults(Breaker& b) { return b.Add(kTagSection, testing::Join({{0}, testing::EncodeU(b.AddType({0x60, 0, 1, 0x7f}))})); }
bool TagAttribute(Breaker& b) { return b.Add(kTagSection, testing::Join({{1}, testing::EncodeU(b.AddType({0x60, 0, 0}))})); }

Bytes ImportOf(const Bytes& description) { return testing::Join({{1, 'a', 1, 'b'}, description}); }
bool ImportKind(Breaker& b) { return b.Add(kImportSection, ImportOf({static_cast<uint8_t>(5 + b.source.Below(99)), 0})); }
bool ImportUnknownType(Breaker& b) {
  return b.Add(kImportSection, ImportOf(testing::Join({{0}, testing::EncodeU(b.data.type_index.size())})));
}
bool ImportName(Breaker& b) { return b.Add(kImportSection, {1, 0xff, 1, 'b', 3, 0x7f, 0}); }

// An empty one behind one that it belongs before.
bool SectionOutOfOrder(Breaker& b) {
  static constexpr uint8_t kEarly[] = {kTypeSection, kImportSection, kFunctionSection, kTableSection, kMemorySection};
  const bool has_late = b.module.Find(kExportSection) != nullptr || b.module.Find(kCodeSection) != nullptr;
  EditableSection section;
  section.id = kEarly[b.source.Below(std::size(kEarly))];
  section.has_entries = true;
  b.module.sections.push_back(section);
  return has_late;
}
bool SectionTwice(Breaker& b) {
  const EditableSection* last = nullptr;
  for (const EditableSection& section : b.module.sections) {
    if (section.id != kCustomSection) last = &section;
  }
  if (last == nullptr) return false;
  b.module.sections.push_back(EditableSection(*last));
  return true;
}
bool SectionOfNoId(Breaker& b) {
  EditableSection section;
  section.id = static_cast<uint8_t>(14 + b.source.Below(200));
  b.module.sections.insert(b.module.sections.begin(), section);
  return true;
}
bool SectionLonger(Breaker& b) {
  std::erase_if(b.module.sections, [](const EditableSection& s) { return s.id == kTypeSection; });
  EditableSection section;
  section.id = kTypeSection;
  section.raw = {0, 0};
  b.module.sections.insert(b.module.sections.begin(), section);
  return true;
}
bool CustomNameTooLong(Breaker& b) {
  EditableSection section;
  section.raw = {5, 'a', 'b'};
  b.module.sections.push_back(section);
  return true;
}
bool CustomNameNotUtf8(Breaker& b) {
  EditableSection section;
  section.raw = {3, 0xed, 0xa0, 0x80};
  b.module.sections.push_back(section);
  return true;
}
bool Magic(Breaker& b) {
  b.whole = b.module.Build();
  (*b.whole)[b.source.Below(4)] ^= static_cast<uint8_t>(1u << b.source.Below(8));
  return true;
}
bool Version(Breaker& b) {
  b.whole = b.module.Build();
  (*b.whole)[4 + b.source.Below(4)] ^= static_cast<uint8_t>(1u << b.source.Below(8));
  return true;
}
bool SectionBehindEnd(Breaker& b) {
  b.whole = b.module.Build();
  testing::Append(*b.whole, {0, static_cast<uint8_t>(2 + b.source.Below(100)), 0});
  return true;
}
bool SectionSizeTooLong(Breaker& b) {
  b.whole = b.module.Build();
  testing::Append(*b.whole, {0, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 0});
  return true;
}
bool CutOff(Breaker& b) {
  b.whole = b.module.Build();
  if (b.module.sections.empty()) return false;
  // In its last section.
  const size_t last = b.module.sections.back().raw.size();
  b.whole->resize(b.whole->size() - 1 - b.source.Below(static_cast<uint32_t>(std::min<size_t>(last, 8)) + 1));
  return true;
}

constexpr Needs kAny = Needs::kNothing;

const Rule kRules[] = {
    MakeRule("an export name twice", kAny, DuplicateExport, E::kDuplicateExport),
    MakeRule("export of an unknown function", kAny, ExportUnknownFunction, E::kUnknownFunction),
    MakeRule("export of an unknown table", kAny, ExportUnknownTable, E::kUnknownTable),
    MakeRule("export of an unknown memory", kAny, ExportUnknownMemory, E::kUnknownMemory),
    MakeRule("export of an unknown global", kAny, ExportUnknownGlobal, E::kUnknownGlobal),
    MakeRule("export of an unknown tag", Needs::kTags, ExportUnknownTag, E::kUnknownTag),
    MakeRule("export of no kind", kAny, ExportOfNoKind, E::kBadExportKind),
    MakeRule("export name not UTF-8", kAny, ExportOfNoName, E::kBadUtf8),
    MakeRule("start of an unknown function", kAny, StartUnknown, E::kUnknownFunction),
    MakeRule("start of a function with a type", kAny, StartWithType, E::kBadStartFunction),
    MakeRule("memory limits out of order", kAny, MemoryLimitsOrder, E::kLimitsOrder),
    MakeRule("memory of 65537 pages", kAny, MemoryTooLarge, E::kMemoryTooLarge),
    MakeRule("memory of at most 65537 pages", kAny, MemoryMaxTooLarge, E::kMemoryTooLarge),
    MakeRule("memory limits of no kind", Needs::kUnsupported, MemoryFlags, E::kBadLimits),
    MakeRule("shared memory", Needs::kUnsupported, MemoryShared, E::kUnsupportedShared),
    MakeRule("table limits out of order", kAny, TableLimitsOrder, E::kLimitsOrder),
    MakeRule("table of numbers", kAny, TableOfNumbers, E::kBadReferenceType),
    MakeRule("table of references without a default", Needs::kTypedReferences, TableOfNonNull, E::kNonDefaultableTable),
    MakeRule("table initializer of another type", Needs::kTypedReferences, TableInitType, E::kTypeMismatch),
    MakeRule("global initializer of another type", kAny, GlobalInitType, E::kTypeMismatch),
    MakeRule("global initializer is empty", kAny, GlobalInitMissing, E::kTypeMismatch),
    MakeRule("global initializer of two values", kAny, GlobalInitTwice, E::kTypeMismatch),
    MakeRule("global initializer is not constant", kAny, GlobalInitNotConstant, E::kConstantRequired),
    MakeRule("global initializer is itself", kAny, GlobalInitOfItself, E::kUnknownGlobal),
    MakeRule("global initializer of a mutable global", kAny, GlobalInitOfMutable, E::kConstantRequired),
    MakeRule("global initializer of an unknown function", Needs::kReferences, GlobalInitUnknownFunction,
             E::kUnknownFunction),
    MakeRule("global of no mutability", kAny, GlobalMutability, E::kBadMutability),
    MakeRule("global of no type", kAny, GlobalOfNoType, E::kBadValueType),
    MakeRule("elements of an unknown table", kAny, ElementsUnknownTable, E::kUnknownTable),
    MakeRule("elements of an unknown function", Needs::kBulk, ElementsUnknownFunction, E::kUnknownFunction),
    MakeRule("elements of no form", kAny, ElementsFlags, E::kBadElementFlags),
    MakeRule("elements of no kind", Needs::kBulk, ElementsKind, E::kBadElementKind),
    MakeRule("elements' offset of another type", kAny, ElementsOffsetType, E::kTypeMismatch),
    MakeRule("elements of another type", Needs::kReferences, ElementsOfOtherType, E::kTypeMismatch),
    MakeRule("elements' expression of another type", Needs::kReferences, ElementsExpressionType, E::kTypeMismatch),
    MakeRule("data of an unknown memory", kAny, DataUnknownMemory, E::kUnknownMemory),
    MakeRule("data of no form", kAny, DataFlags, E::kBadDataFlags),
    MakeRule("data's offset of another type", kAny, DataOffsetType, E::kTypeMismatch),
    MakeRule("data longer than its section", Needs::kBulk, DataTooLong, E::kLengthOutOfBounds, E::kUnexpectedEnd),
    MakeRule("data count of another number", Needs::kBulk, DataCountWrong, E::kDataCountMismatch),
    MakeRule("a body is missing", kAny, BodyMissing, E::kFunctionCodeMismatch),
    MakeRule("a function is missing", kAny, FunctionMissing, E::kFunctionCodeMismatch, E::kUnknownFunction),
    MakeRule("a function of an unknown type", kAny, FunctionOfUnknownType, E::kUnknownType),
    MakeRule("a function of a structure type", Needs::kRichTypes, FunctionOfStructType, E::kNotFunctionType),
    MakeRule("a type of no form", kAny, TypeForm, E::kBadTypeForm),
    MakeRule("a type of an unknown type", Needs::kTypedReferences, TypeOfUnknown, E::kUnknownType),
    MakeRule("a parameter of no type", kAny, TypeOfNoType, E::kBadValueType),
    MakeRule("a subtype of a final type", Needs::kRichTypes, SubtypeOfFinal, E::kBadSubtype),
    MakeRule("a subtype of another shape", Needs::kRichTypes, SubtypeOfOtherShape, E::kBadSubtype),
    MakeRule("a tag with results", Needs::kTags, TagWithResults, E::kBadTagType),
    MakeRule("a tag of no attribute", Needs::kTags, TagAttribute, E::kBadTagAttribute),
    MakeRule("import of no kind", kAny, ImportKind, E::kBadImportKind),
    MakeRule("import of an unknown type", kAny, ImportUnknownType, E::kUnknownType),
    MakeRule("import name not UTF-8", kAny, ImportName, E::kBadUtf8),
    MakeRule("sections out of order", kAny, SectionOutOfOrder, E::kSectionOrder),
    MakeRule("a section twice", kAny, SectionTwice, E::kSectionOrder),
    MakeRule("a section of no id", kAny, SectionOfNoId, E::kBadSectionId),
    MakeRule("a section with more than its entries", kAny, SectionLonger, E::kSectionSize),
    MakeRule("a custom section's name beyond it", kAny, CustomNameTooLong, E::kLengthOutOfBounds, E::kUnexpectedEnd),
    MakeRule("a custom section's name not UTF-8", Needs::kUnsupported, CustomNameNotUtf8, E::kBadUtf8),
    MakeRule("wrong magic", kAny, Magic, E::kBadMagic),
    MakeRule("wrong version", kAny, Version, E::kBadVersion),
    MakeRule("a section longer than the module", kAny, SectionBehindEnd, E::kLengthOutOfBounds),
    MakeRule("a section size of six bytes", kAny, SectionSizeTooLong, E::kLebTooLong),
    MakeRule("cut off", kAny, CutOff, E::kLengthOutOfBounds, E::kUnexpectedEnd),
};

}  // namespace

std::span<const Rule> SectionRules() { return kRules; }

}  // namespace sandbox::fuzz
