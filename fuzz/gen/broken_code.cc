// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Rules of function bodies (spec "valid-instr", "binary-code").
#include <algorithm>
#include <vector>

#include "fuzz/gen/breaker.h"
#include "fuzz/gen/function_generator.h"

namespace sandbox::fuzz {
namespace {

using testing::Bytes;
using testing::Code;
using E = ErrorCode;

const ValType kI32 = ValType::I32();

// An index that is one, or far, past the end.
uint64_t Past(Breaker& b, uint64_t count) { return count + (b.source.OneIn(2) ? b.source.Below(1000) : 0); }

void ZeroIndex(Code& code, const Limits& limits) { limits.is_64 ? code.I64Const(0) : code.I32Const(0); }

void ConstOf(Code& code, ValType type) {
  switch (type.kind()) {
    case ValKind::kI32: code.I32Const(0); break;
    case ValKind::kI64: code.I64Const(0); break;
    case ValKind::kF32: code.Op(Op::kF32Const).Raw(Bytes(4)); break;
    case ValKind::kF64: code.Op(Op::kF64Const).Raw(Bytes(8)); break;
    default: code.Op(Op::kUnreachable);
  }
}

// A numeric instruction whose first operand is of type I64 or I32, and an operand that it does not take.
bool WrongOperand(Breaker& b) {
  const std::vector<Op>& rows = NumericRows(kFloats);
  const Op op = b.source.Pick(rows);
  const Signature signature = InfoOf(op).signature;
  Code code;
  const uint32_t wrong = b.source.Below(static_cast<uint32_t>(signature.param_count()));
  for (uint32_t i = 0; i < signature.param_count(); ++i) {
    const ValType type = TypeOf(signature.param(i), kI32);
    ConstOf(code, i != wrong ? type : type == kI32 ? ValType::I64() : kI32);
  }
  return b.Insert(code.Op(op).Op(Op::kDrop).bytes());
}

bool WrongResult(Breaker& b) {
  const Op op = b.source.Pick(NumericRows(kFloats));
  const Signature signature = InfoOf(op).signature;
  const ValType result = TypeOf(signature.result(), kI32);
  Code code;
  code.Begin(Op::kBlock, result == kI32 ? ValType::I64() : kI32);
  for (uint32_t i = 0; i < signature.param_count(); ++i) ConstOf(code, TypeOf(signature.param(i), kI32));
  return b.Insert(code.Op(op).End().Op(Op::kDrop).bytes());
}

bool MissingOperand(Breaker& b) {
  const Op op = b.source.Pick(NumericRows(kFloats));
  const Signature signature = InfoOf(op).signature;
  Code code;
  for (uint32_t i = 1; i < signature.param_count(); ++i) ConstOf(code, TypeOf(signature.param(i), kI32));
  return b.Insert(code.Op(op).Op(Op::kDrop).bytes());
}

bool TooWideAlignment(Breaker& b) {
  if (b.data.memories.empty()) return false;
  const Op op = b.source.Pick(AccessRows(kFloats));
  const OpInfo& info = InfoOf(op);
  Code code;
  const Limits& limits = b.data.memories[0].limits;
  ZeroIndex(code, limits);
  if (info.family == Family::kStore) ConstOf(code, TypeOf(info.signature.param(1), kI32));
  // Just above, or far; as short as can be, which is read by another piece of code, or longer.
  const uint32_t above = info.access_log2 + 1u + (b.source.OneIn(2) ? b.source.Below(16) : 0);
  code.Op(op).Raw(b.source.OneIn(2) ? testing::EncodePadded(above, 5) : testing::EncodeU(above)).U(0);
  if (info.family == Family::kLoad) code.Op(Op::kDrop);
  return b.Insert(code.bytes());
}

bool AddressOfOtherWidth(Breaker& b) {
  if (b.data.memories.empty()) return false;
  const Op op = b.source.Pick(AccessRows(kFloats));
  const OpInfo& info = InfoOf(op);
  Code code;
  b.data.memories[0].limits.is_64 ? code.I32Const(0) : code.I64Const(0);
  if (info.family == Family::kStore) ConstOf(code, TypeOf(info.signature.param(1), kI32));
  code.Op(op, {0, 0});
  if (info.family == Family::kLoad) code.Op(Op::kDrop);
  return b.Insert(code.bytes());
}

bool WideOffset(Breaker& b) {
  if (b.data.memories.empty() || b.data.memories[0].limits.is_64) return false;
  Code code;
  code.I32Const(0).Op(Op::kI32Load, {0}).U(0x100000000 + b.source.Byte()).Op(Op::kDrop);
  return b.Insert(code.bytes());
}

bool AccessWithoutMemory(Breaker& b) {
  if (!b.data.memories.empty()) return false;
  return b.Insert(Code().I32Const(0).Op(Op::kI32Load8U, {0, 0}).Op(Op::kDrop).bytes());
}

bool UnknownMemory(Breaker& b) { return b.Insert(Code().Op(Op::kMemorySize, {Past(b, b.data.memories.size())}).Op(Op::kDrop).bytes()); }
bool UnknownTable(Breaker& b) { return b.Insert(Code().Op(Op::kTableSize, {Past(b, b.data.tables.size())}).Op(Op::kDrop).bytes()); }
bool UnknownGlobal(Breaker& b) { return b.Insert(Code().Op(Op::kGlobalGet, {Past(b, b.data.globals.size())}).Op(Op::kDrop).bytes()); }
bool UnknownFunction(Breaker& b) { return b.Insert(Code().Call(static_cast<uint32_t>(Past(b, b.function_count()))).bytes()); }
bool UnknownLabel(Breaker& b) { return b.Insert(Code().Begin(Op::kBlock).Op(Op::kBr, {Past(b, 2)}).End().bytes()); }
bool UnknownLabelInTable(Breaker& b) {
  return b.Insert(Code().Begin(Op::kBlock).I32Const(0).BrTable({0, static_cast<uint32_t>(Past(b, 2))}, 0).End().bytes());
}
bool UnknownElements(Breaker& b) { return b.Insert(Code().Op(Op::kElemDrop, {Past(b, b.data.elements.size())}).bytes()); }
bool UnknownData(Breaker& b) {
  if (b.module.Find(kDataCountSection) == nullptr) return false;
  return b.Insert(Code().Op(Op::kDataDrop, {Past(b, b.data.data.size())}).bytes());
}
bool UnknownTypeOfCall(Breaker& b) {
  if (b.data.tables.empty()) return false;
  Code code;
  ZeroIndex(code, b.data.tables[0].type.limits);
  return b.Insert(code.Op(Op::kCallIndirect, {Past(b, b.data.type_index.size()), 0}).bytes());
}
bool UnknownTypeOfBlock(Breaker& b) {
  return b.Insert(Code().BeginIndexed(Op::kBlock, static_cast<uint32_t>(Past(b, b.data.type_index.size()))).End().bytes());
}

// One past the locals of a function that is made for it, in either direction of the edge.
bool UnknownLocal(Breaker& b) {
  const uint32_t count = b.source.Below(4);
  Code code;
  code.U(1).U(count).Raw(testing::EncodeType(kI32));
  if (b.source.OneIn(2)) {
    code.Op(Op::kLocalGet, {count}).Op(Op::kDrop);
  } else {
    code.I32Const(0).Op(b.source.OneIn(2) ? Op::kLocalSet : Op::kLocalTee, {count});
  }
  b.AddFunction(code.End().bytes());
  return true;
}

bool UninitializedLocal(Breaker& b) {
  const ValType type = ValType::Ref(HeapType::kFunc, false);
  Code code;
  code.U(1).U(1).Raw(testing::EncodeType(type));
  const uint32_t form = b.source.Below(4);
  bool is_read_inside = false;
  if (form == 0) {
    // Set in a block only.
    code.Begin(Op::kBlock).Op(Op::kUnreachable).LocalSet(0).End();
  } else if (form == 1) {
    // In the other arm only, read in this one or behind it.
    code.I32Const(1).Begin(Op::kIf).Op(Op::kUnreachable).LocalSet(0).Op(Op::kElse);
    is_read_inside = b.source.OneIn(2);
    if (is_read_inside) code.LocalGet(0).Op(Op::kDrop);
    code.End();
  }
  if (!is_read_inside) code.LocalGet(0).Op(Op::kDrop);
  b.AddFunction(code.End().bytes());
  return true;
}

// What lies below the reference is not what the label wants: of another type, or missing.
bool BranchOnReferenceWithWrongValue(Breaker& b) {
  Code code;
  code.Begin(Op::kBlock, kI32);
  if (b.source.OneIn(2)) code.I64Const(0);
  code.Op(Op::kRefNull).Byte(0x70).Op(Op::kBrOnNull, {0}).Op(Op::kDrop);
  return b.Insert(code.Op(Op::kUnreachable).End().Op(Op::kDrop).bytes());
}

bool TooManyLocals(Breaker& b) {
  Code code;
  code.U(2).U(0xffffffff).Raw(testing::EncodeType(kI32)).U(1 + b.source.Byte()).Raw(testing::EncodeType(kI32));
  b.AddFunction(code.End().bytes());
  return true;
}

bool BadLocalType(Breaker& b) {
  b.AddFunction(Code().U(1).U(1).Byte(b.source.OneIn(2) ? 0x40 : 0x01).End().bytes());
  return true;
}

bool SetImmutable(Breaker& b) {
  for (uint32_t i = 0; i < b.data.globals.size(); ++i) {
    if (b.data.globals[i].type.is_mutable) continue;
    return b.Insert(Code().Op(Op::kUnreachable).Op(Op::kGlobalSet, {i}).bytes());
  }
  return false;
}

bool SetGlobalOfOtherType(Breaker& b) {
  for (uint32_t i = 0; i < b.data.globals.size(); ++i) {
    const GlobalType& type = b.data.globals[i].type;
    if (!type.is_mutable) continue;
    Code code;
    ConstOf(code, type.type == kI32 ? ValType::I64() : kI32);
    return b.Insert(code.Op(Op::kGlobalSet, {i}).bytes());
  }
  return false;
}

bool UndeclaredReference(Breaker& b) {
  const uint32_t function = b.AddFunction({0, 0x0b});
  return b.Insert(Code().Op(Op::kRefFunc, {function}).Op(Op::kDrop).bytes());
}

bool ElseWithoutIf(Breaker& b) { return b.Insert(Code().Begin(b.source.OneIn(2) ? Op::kBlock : Op::kLoop).Op(Op::kElse).End().bytes()); }
bool TwoElses(Breaker& b) { return b.Insert(Code().I32Const(0).Begin(Op::kIf).Op(Op::kElse).Op(Op::kElse).End().bytes()); }
bool IfWithoutElse(Breaker& b) {
  return b.Insert(Code().I32Const(0).Begin(Op::kIf, kI32).I32Const(1).End().Op(Op::kDrop).bytes());
}
// The other arm may take what the first one left: whoever lets it through then finds nothing wrong at the end.
bool OperandLeftBeforeElse(Breaker& b) {
  Code code;
  code.I32Const(0).Begin(Op::kIf).I32Const(0).Op(Op::kElse);
  if (b.source.OneIn(2)) code.Op(Op::kDrop);
  return b.Insert(code.End().bytes());
}
bool OperandLeft(Breaker& b) { return b.Insert(Code().Begin(Op::kBlock).I32Const(1).End().bytes()); }
bool ResultMissing(Breaker& b) { return b.Insert(Code().Begin(Op::kBlock, kI32).End().Op(Op::kDrop).bytes()); }
bool OperandOfOuterBlock(Breaker& b) {
  return b.Insert(Code().I32Const(1).Begin(Op::kBlock).Op(Op::kDrop).End().Op(Op::kDrop).bytes());
}
bool OperandLeftWhenUnreachable(Breaker& b) {
  return b.Insert(Code().Begin(Op::kBlock).Op(Op::kUnreachable).I32Const(1).End().bytes());
}
bool WrongTypeWhenUnreachable(Breaker& b) {
  return b.Insert(Code().Begin(Op::kBlock).Op(Op::kUnreachable).I64Const(1).Op(Op::kI32Add).Op(Op::kDrop).End().bytes());
}
bool BranchWithWrongValue(Breaker& b) {
  return b.Insert(Code().Begin(Op::kBlock, kI32).I64Const(1).Op(Op::kBr, {0}).End().Op(Op::kDrop).bytes());
}
bool BranchWithoutValue(Breaker& b) {
  return b.Insert(Code().Begin(Op::kBlock, kI32).I32Const(1).Op(Op::kBrIf, {0}).I32Const(1).End().Op(Op::kDrop).bytes());
}
bool BranchTableArities(Breaker& b) {
  return b.Insert(Code().Begin(Op::kBlock).Begin(Op::kBlock, kI32).I32Const(0).I32Const(0).BrTable({1}, 0).End()
                      .Op(Op::kDrop).End().bytes());
}
bool BranchTableTypes(Breaker& b) {
  return b.Insert(Code().Begin(Op::kBlock, ValType::I64()).Begin(Op::kBlock, kI32).I32Const(0).I32Const(0)
                      .BrTable({0, 1}, 0).End().Op(Op::kDrop).I64Const(0).End().Op(Op::kDrop).bytes());
}
bool SelectOfReferences(Breaker& b) {
  Code code;
  for (int i = 0; i < 2; ++i) code.Op(Op::kRefNull).Byte(0x70);
  return b.Insert(code.I32Const(0).Op(Op::kSelect).Op(Op::kDrop).bytes());
}
bool SelectOfTwoTypes(Breaker& b) {
  return b.Insert(Code().I32Const(0).I64Const(0).I32Const(0).Op(Op::kSelect).Op(Op::kDrop).bytes());
}
bool SelectArity(Breaker& b) {
  Code code;
  code.Op(Op::kUnreachable).Op(Op::kSelectTyped);
  if (b.source.OneIn(2)) {
    code.U(0);
  } else {
    code.U(2).Byte(0x7f).Byte(0x7f);
  }
  return b.Insert(code.Op(Op::kDrop).bytes());
}

// A call at the very beginning, where there is nothing to call it with.
bool CallWithoutArguments(Breaker& b) {
  for (uint32_t i = 0; i < b.function_count(); ++i) {
    if (b.data.types.FuncType(b.data.FunctionType(i)).params.empty()) continue;
    return b.Insert(Code().Call(i).bytes());
  }
  return false;
}

bool TailCallOfOtherResults(Breaker& b) {
  Code code;
  code.U(0).Op(Op::kUnreachable);
  for (uint32_t i = 0; i < b.data.function_count(); ++i) {
    const auto results = b.data.types.FuncType(b.data.FunctionType(i)).results;
    if (results.empty()) continue;
    code.Op(Op::kReturnCall, {i}).End();
    if (results.size() == 1 && b.source.OneIn(2)) {
      // As many, of another type.
      b.AddFunction(code.bytes(), {0x60, 0, 1, static_cast<uint8_t>(results[0] == ValType::I32() ? 0x7e : 0x7f)});
    } else {
      b.AddFunction(code.bytes());
    }
    return true;
  }
  return false;
}

bool CallThroughExternTable(Breaker& b) {
  for (uint32_t i = 0; i < b.data.tables.size(); ++i) {
    if (b.data.tables[i].type.element != ValType::ExternRef()) continue;
    const uint32_t type = b.AddType({0x60, 0, 0});
    return b.Insert(Code().Op(Op::kUnreachable).Op(Op::kCallIndirect, {type, i}).bytes());
  }
  return false;
}

bool TableSetOfOtherType(Breaker& b) {
  for (uint32_t i = 0; i < b.data.tables.size(); ++i) {
    const TableType& type = b.data.tables[i].type;
    const bool is_extern = type.element == ValType::ExternRef();
    Code code;
    ZeroIndex(code, type.limits);
    code.Op(Op::kRefNull).Byte(is_extern ? 0x70 : 0x6f).Op(Op::kTableSet, {i});
    return b.Insert(code.bytes());
  }
  return false;
}

bool TableCopyOfOtherType(Breaker& b) {
  for (uint32_t i = 0; i < b.data.tables.size(); ++i) {
    if (b.data.tables[i].type.element == b.data.tables[0].type.element) continue;
    return b.Insert(Code().Op(Op::kUnreachable).Op(Op::kTableCopy, {0, i}).bytes());
  }
  return false;
}

bool TableInitOfOtherType(Breaker& b) {
  for (uint32_t i = 0; i < b.data.elements.size(); ++i) {
    for (uint32_t t = 0; t < b.data.tables.size(); ++t) {
      const bool is_func = b.data.elements[i].type.heap() != HeapType::kExtern;
      if (is_func == (b.data.tables[t].type.element == ValType::FuncRef())) continue;
      return b.Insert(Code().Op(Op::kUnreachable).Op(Op::kTableInit, {i, t}).bytes());
    }
  }
  return false;
}

bool CallRefOfOtherType(Breaker& b) {
  const uint32_t type = b.AddType({0x60, 1, 0x7f, 0});
  const uint32_t other = b.AddType({0x60, 1, 0x7e, 0});
  return b.Insert(Code().I32Const(0).Op(Op::kRefNull).S(other).Op(Op::kCallRef, {type}).bytes());
}

bool IllegalOpcode(Breaker& b) {
  static constexpr uint8_t kHoles[] = {0x06, 0x07, 0x09, 0x16, 0x17, 0x18, 0x19, 0x1d, 0x1e, 0x27, 0xc5, 0xd7, 0xfe, 0xff};
  return b.Insert({kHoles[b.source.Below(std::size(kHoles))]});
}
bool IllegalPrefixed(Breaker& b) { return b.Insert(Code().Byte(0xfc).U(Past(b, 18)).bytes()); }
bool NotBuiltIn(Breaker& b) {
  std::vector<Op> missing;
  for (size_t i = 0; i < kOpCount; ++i) {
    if (!IsBuiltIn(static_cast<Op>(i))) missing.push_back(static_cast<Op>(i));
  }
  return !missing.empty() && b.Insert(Code().Op(Op::kUnreachable).Op(b.source.Pick(missing)).bytes());
}
bool BadBlockType(Breaker& b) { return b.Insert({0x02, static_cast<uint8_t>(0x41 + b.source.Below(0x22)), 0x0b}); }
bool LongLeb(Breaker& b) {
  return b.Insert(Code().Op(Op::kGlobalGet).Raw(testing::EncodePadded(0, 6)).Op(Op::kDrop).bytes());
}
bool LargeLeb(Breaker& b) {
  return b.Insert(Code().Op(Op::kGlobalGet).Raw({0x80, 0x80, 0x80, 0x80, 0x10}).Op(Op::kDrop).bytes());
}
bool LargeI32(Breaker& b) {
  return b.Insert(Code().Op(Op::kI32Const).Raw({0x80, 0x80, 0x80, 0x80, 0x0f}).Op(Op::kDrop).bytes());
}
bool LongI64(Breaker& b) {
  Bytes number(10, 0x80);
  number.push_back(0);
  return b.Insert(Code().Op(Op::kI64Const).Raw(number).Op(Op::kDrop).bytes());
}
bool DataDropWithoutCount(Breaker& b) {
  if (b.data.data.size() == 0) return false;
  std::erase_if(b.module.sections, [](const EditableSection& s) { return s.id == kDataCountSection; });
  return b.Insert(Code().Op(Op::kDataDrop, {0}).bytes());
}

bool EndMissing(Breaker& b) {
  if (!b.has_bodies()) return false;
  std::vector<Bytes>& bodies = b.module.Find(kCodeSection)->entries;
  bodies[b.source.Below(static_cast<uint32_t>(bodies.size()))].pop_back();
  return true;
}
bool CodeBehindEnd(Breaker& b) {
  if (!b.has_bodies()) return false;
  std::vector<Bytes>& bodies = b.module.Find(kCodeSection)->entries;
  bodies[b.source.Below(static_cast<uint32_t>(bodies.size()))].push_back(b.source.OneIn(2) ? 0x01 : 0x0b);
  return true;
}

constexpr Needs kAny = Needs::kNothing;

const Rule kRules[] = {
    MakeRule("an operand of another type", kAny, WrongOperand, E::kTypeMismatch),
    MakeRule("a result of another type", kAny, WrongResult, E::kTypeMismatch),
    MakeRule("an operand is missing", kAny, MissingOperand, E::kTypeMismatch),
    MakeRule("alignment above the width", kAny, TooWideAlignment, E::kBadAlignment),
    MakeRule("an address of the other width", kAny, AddressOfOtherWidth, E::kTypeMismatch),
    MakeRule("an offset beyond 32 bits", kAny, WideOffset, E::kOffsetTooLarge, E::kLebTooLarge),
    MakeRule("an access without a memory", kAny, AccessWithoutMemory, E::kUnknownMemory),
    MakeRule("unknown memory", kAny, UnknownMemory, E::kUnknownMemory),
    MakeRule("unknown table", Needs::kReferences, UnknownTable, E::kUnknownTable),
    MakeRule("unknown global", kAny, UnknownGlobal, E::kUnknownGlobal),
    MakeRule("unknown function", kAny, UnknownFunction, E::kUnknownFunction),
    MakeRule("unknown label", kAny, UnknownLabel, E::kUnknownLabel),
    MakeRule("unknown label in br_table", kAny, UnknownLabelInTable, E::kUnknownLabel),
    MakeRule("unknown element segment", Needs::kBulk, UnknownElements, E::kUnknownElementSegment),
    MakeRule("unknown data segment", Needs::kBulk, UnknownData, E::kUnknownDataSegment),
    MakeRule("unknown type of a call", kAny, UnknownTypeOfCall, E::kUnknownType),
    MakeRule("unknown type of a block", kAny, UnknownTypeOfBlock, E::kUnknownType),
    MakeRule("unknown local", kAny, UnknownLocal, E::kUnknownLocal),
    MakeRule("uninitialized local", Needs::kTypedReferences, UninitializedLocal, E::kUninitializedLocal),
    MakeRule("too many locals", kAny, TooManyLocals, E::kTooManyLocals, E::kLimitExceeded),
    MakeRule("a local of no type", kAny, BadLocalType, E::kBadValueType),
    MakeRule("an immutable global is set", kAny, SetImmutable, E::kImmutableGlobal),
    MakeRule("a global is set to another type", kAny, SetGlobalOfOtherType, E::kTypeMismatch),
    MakeRule("ref.func of an undeclared function", Needs::kReferences, UndeclaredReference, E::kUndeclaredReference),
    MakeRule("else without if", kAny, ElseWithoutIf, E::kElseWithoutIf),
    MakeRule("two elses", kAny, TwoElses, E::kElseWithoutIf),
    MakeRule("if with a result without else", kAny, IfWithoutElse, E::kTypeMismatch),
    MakeRule("an operand is left before else", kAny, OperandLeftBeforeElse, E::kTypeMismatch),
    MakeRule("an operand is left", kAny, OperandLeft, E::kTypeMismatch),
    MakeRule("a result is missing", kAny, ResultMissing, E::kTypeMismatch),
    MakeRule("an operand of the block around", kAny, OperandOfOuterBlock, E::kTypeMismatch),
    MakeRule("an operand is left in unreachable code", kAny, OperandLeftWhenUnreachable, E::kTypeMismatch),
    MakeRule("a wrong type in unreachable code", kAny, WrongTypeWhenUnreachable, E::kTypeMismatch),
    MakeRule("a branch with a wrong value", kAny, BranchWithWrongValue, E::kTypeMismatch),
    MakeRule("a branch without its value", kAny, BranchWithoutValue, E::kTypeMismatch),
    MakeRule("br_on_null with a wrong value", Needs::kTypedReferences, BranchOnReferenceWithWrongValue, E::kTypeMismatch),
    MakeRule("br_table of several arities", kAny, BranchTableArities, E::kTypeMismatch),
    MakeRule("br_table of several types", kAny, BranchTableTypes, E::kTypeMismatch),
    MakeRule("untyped select of references", Needs::kReferences, SelectOfReferences, E::kTypeMismatch),
    MakeRule("select of two types", kAny, SelectOfTwoTypes, E::kTypeMismatch),
    MakeRule("typed select of another arity", Needs::kReferences, SelectArity, E::kBadResultArity),
    MakeRule("a call without arguments", kAny, CallWithoutArguments, E::kTypeMismatch),
    MakeRule("a tail call of other results", Needs::kTailCalls, TailCallOfOtherResults, E::kTypeMismatch),
    MakeRule("an indirect call through externs", Needs::kReferences, CallThroughExternTable, E::kTypeMismatch),
    MakeRule("table.set of another type", Needs::kReferences, TableSetOfOtherType, E::kTypeMismatch),
    MakeRule("table.copy of another type", Needs::kReferences, TableCopyOfOtherType, E::kTypeMismatch),
    MakeRule("table.init of another type", Needs::kReferences, TableInitOfOtherType, E::kTypeMismatch),
    MakeRule("call_ref of another type", Needs::kTypedReferences, CallRefOfOtherType, E::kTypeMismatch),
    MakeRule("illegal opcode", Needs::kUnsupported, IllegalOpcode, E::kIllegalOpcode),
    MakeRule("illegal prefixed opcode", kAny, IllegalPrefixed, E::kIllegalOpcode),
    MakeRule("an instruction that is not built in", Needs::kUnsupported, NotBuiltIn, E::kUnsupportedInstruction),
    MakeRule("no block type", kAny, BadBlockType, E::kBadBlockType),
    MakeRule("a LEB128 of six bytes", kAny, LongLeb, E::kLebTooLong),
    MakeRule("a LEB128 of 33 bits", kAny, LargeLeb, E::kLebTooLarge),
    MakeRule("a signed LEB128 of 33 bits", kAny, LargeI32, E::kLebTooLarge),
    MakeRule("a LEB128 of eleven bytes", kAny, LongI64, E::kLebTooLong),
    MakeRule("data.drop without a data count", Needs::kBulk, DataDropWithoutCount, E::kDataCountRequired),
    MakeRule("a body without its end", kAny, EndMissing, E::kUnexpectedEnd, E::kEndExpected, E::kBodySize,
             E::kTypeMismatch),
    MakeRule("code behind the end", kAny, CodeBehindEnd, E::kBodySize, E::kEndExpected),
};

}  // namespace

std::span<const Rule> CodeRules() { return kRules; }

}  // namespace sandbox::fuzz
