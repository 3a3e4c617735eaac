// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/error_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>

#include "sandbox/base/build_config.h"
#include "sandbox/syntax/limits.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox {
namespace {

// Appends to a span and stops at its end.
class Writer {
 public:
  explicit Writer(std::span<char> out) : out_(out) {}

  Writer& Text(std::string_view text) {
    const size_t count = std::min(text.size(), out_.size() - used_);
    std::copy_n(text.begin(), count, out_.begin() + static_cast<ptrdiff_t>(used_));
    used_ += count;
    return *this;
  }
  // Text of a guest's choice: what could steer a terminal, forge a line or is not ASCII is written as \xNN.
  Writer& Guest(std::string_view text) {
    for (const char c : text) {
      const uint8_t byte = static_cast<uint8_t>(c);
      if (byte >= 0x20 && byte < 0x7f) {
        Text({&c, 1});
      } else {
        Text("\\x").Text(byte < 16 ? "0" : "").Number(static_cast<unsigned>(byte), 16);
      }
    }
    return *this;
  }
  template <typename T>
  Writer& Number(T value, int base = 10) {
    std::array<char, 24> digits{};
    return Digits(std::to_chars(digits.begin(), digits.end(), value, base).ptr, digits);
  }
  template <typename T>
  Writer& Float(T value) {
    std::array<char, 64> digits{};
    return Digits(std::to_chars(digits.begin(), digits.end(), value).ptr, digits);
  }
  Writer& Hex(uint64_t value) { return Text("0x").Number(value, 16); }
  // What was written.
  std::string_view Done() const { return {out_.data(), used_}; }

 private:
  template <size_t kSize>
  Writer& Digits(const char* end, const std::array<char, kSize>& digits) {
    return Text({digits.data(), static_cast<size_t>(end - digits.data())});
  }

  std::span<char> out_;
  size_t used_ = 0;
};

std::string_view NameOf(HeapType::Abstract heap) {
  switch (heap) {
    case HeapType::kFunc: return "func";
    case HeapType::kNoFunc: return "nofunc";
    case HeapType::kExtern: return "extern";
    case HeapType::kNoExtern: return "noextern";
    case HeapType::kAny: return "any";
    case HeapType::kNone: return "none";
    case HeapType::kEq: return "eq";
    case HeapType::kI31: return "i31";
    case HeapType::kStruct: return "struct";
    case HeapType::kArray: return "array";
    case HeapType::kExn: return "exn";
    case HeapType::kNoExn: return "noexn";
    case HeapType::kBottom:
    case HeapType::kAbstractCount: break;
  }
  return "bottom";
}

// The bottom types have short forms of their own.
std::string_view ShortNameOf(HeapType::Abstract heap) {
  switch (heap) {
    case HeapType::kNoFunc: return "nullfuncref";
    case HeapType::kNoExtern: return "nullexternref";
    case HeapType::kNone: return "nullref";
    case HeapType::kNoExn: return "nullexnref";
    default: return {};
  }
}

void WriteReference(Writer& out, ValType type) {
  const HeapType heap = type.heap();
  if (type.is_nullable() && heap.is_abstract()) {
    const std::string_view text = ShortNameOf(heap.abstract());
    text.empty() ? out.Text(NameOf(heap.abstract())).Text("ref") : out.Text(text);
    return;
  }
  out.Text(type.is_nullable() ? "(ref null " : "(ref ");
  heap.is_abstract() ? out.Text(NameOf(heap.abstract())) : out.Number(heap.index());
  out.Text(")");
}

void WriteType(Writer& out, ValType type) {
  switch (type.kind()) {
    case ValKind::kI32: out.Text("i32"); return;
    case ValKind::kI64: out.Text("i64"); return;
    case ValKind::kF32: out.Text("f32"); return;
    case ValKind::kF64: out.Text("f64"); return;
    case ValKind::kV128: out.Text("v128"); return;
    case ValKind::kI8: out.Text("i8"); return;
    case ValKind::kI16: out.Text("i16"); return;
    case ValKind::kBottom: out.Text("bottom"); return;
    case ValKind::kRef: WriteReference(out, type); return;
  }
}

void WriteTypes(Writer& out, std::span<const ValType> types) {
  out.Text("(");
  bool is_first = true;
  for (ValType type : types) {
    if (!is_first) out.Text(", ");
    is_first = false;
    WriteType(out, type);
  }
  out.Text(")");
}

void WriteSignature(Writer& out, const FuncSignature& signature) {
  WriteTypes(out, signature.params);
  out.Text(" -> ");
  WriteTypes(out, signature.results);
}

void WriteLimits(Writer& out, const Limits& limits) {
  if (limits.is_64) out.Text("i64 ");
  out.Number(limits.min).Text("..");
  if (limits.max) out.Number(*limits.max);
}

void WriteExternType(Writer& out, const ExternType& type, const FuncSignature& signature) {
  switch (type.kind) {
    case ExternKind::kFunc:
      out.Text("func ");
      WriteSignature(out, signature);
      return;
    case ExternKind::kTable:
      out.Text("table ");
      WriteLimits(out, type.table.limits);
      out.Text(" ");
      WriteType(out, type.table.element);
      return;
    case ExternKind::kMemory:
      out.Text("memory ");
      WriteLimits(out, type.memory.limits);
      return;
    case ExternKind::kGlobal:
      out.Text(type.global.is_mutable ? "global mut " : "global ");
      WriteType(out, type.global.type);
      return;
    case ExternKind::kTag:
      out.Text("tag ");
      WriteTypes(out, signature.params);
      return;
  }
}

// A number as text2wasm writes it; NaNs with sign and payload.
template <typename Bits>
void WriteFloat(Writer& out, Bits bits) {
  constexpr unsigned kMantissa = sizeof(Bits) == 4 ? 23 : 52;
  const Bits payload = bits & ((Bits{1} << kMantissa) - 1);
  const Bits exponent = (bits << 1) >> (kMantissa + 1);
  const bool is_negative = bits >> (sizeof(Bits) * 8 - 1) != 0;
  const Bits all_ones = sizeof(Bits) == 4 ? Bits{0xff} : Bits{0x7ff};
  if (exponent == all_ones) {
    out.Text(is_negative ? "-" : "");
    payload == 0 ? out.Text("inf") : out.Text("nan:").Hex(payload);
    return;
  }
#if SANDBOX_FLOATS
  if constexpr (sizeof(Bits) == 4) {
    out.Float(std::bit_cast<float>(bits));
  } else {
    out.Float(std::bit_cast<double>(bits));
  }
#else
  out.Hex(bits);
#endif
}

void WriteVector(Writer& out, const std::array<uint8_t, 16>& bytes) {
  out.Text("0x");
  // The highest lane first, as a number is written.
  for (size_t i = bytes.size(); i > 0; --i) {
    const uint8_t byte = bytes[i - 1];
    if (byte < 16) out.Text("0");
    out.Number(static_cast<unsigned>(byte), 16);
  }
}

void WritePlace(Writer& out, const TraceFrame& frame) {
  if (!frame.name.empty()) out.Text("$").Guest(frame.name).Text(" (");
  out.Text("function ").Number(frame.function);
  if (!frame.name.empty()) out.Text(")");
  out.Text(" at offset ").Hex(frame.offset);
}

void WriteDetail(Writer& out, const Error& error) {
  if (error.code == ErrorCode::kUnsupportedInstruction) {
    out.Text(": ").Text(TextOf(static_cast<Op>(error.detail)));
  } else if (error.code == ErrorCode::kLimitExceeded || error.code == ErrorCode::kBadConfiguration) {
    const std::string_view name = NameOf(static_cast<LimitId>(error.detail));
    // A configuration may be bad for another reason than a limit; its detail is then 0, like that of the first limit.
    if (error.code == ErrorCode::kLimitExceeded || error.detail != 0) {
      out.Text(": ").Text(name).Text(" (").Text(DescriptionOf(static_cast<LimitId>(error.detail))).Text(")");
    }
  } else if (ClassOf(error.code) == ErrorClass::kLink) {
    out.Text(": import ").Number(error.detail);
  }
}

}  // namespace

std::string_view FormatError(const Error& error, std::span<char> out) {
  Writer writer(out);
  writer.Text(NameOf(ClassOf(error.code))).Text(": ").Text(TextOf(error.code));
  WriteDetail(writer, error);
  if (error.offset != Error::kNoOffset) writer.Text(" at offset ").Hex(error.offset);
  return writer.Text(" (").Text(AnchorOf(error.code)).Text(")").Done();
}

std::string_view FormatTrap(const TrapInfo& trap, std::span<char> out) {
  Writer writer(out);
  writer.Text("trap: ").Text(TextOf(trap.code));
  if (trap.where) {
    writer.Text(" in ");
    WritePlace(writer, *trap.where);
  }
  return writer.Done();
}

std::string_view FormatFrame(size_t number, const TraceFrame& frame, std::span<char> out) {
  Writer writer(out);
  writer.Text("#").Number(number).Text(" ");
  WritePlace(writer, frame);
  return writer.Done();
}

std::string_view FormatType(ValType type, std::span<char> out) {
  Writer writer(out);
  WriteType(writer, type);
  return writer.Done();
}

std::string_view FormatSignature(const FuncSignature& signature, std::span<char> out) {
  Writer writer(out);
  WriteSignature(writer, signature);
  return writer.Done();
}

std::string_view FormatExternType(const ExternType& type, const FuncSignature& signature, std::span<char> out) {
  Writer writer(out);
  WriteExternType(writer, type, signature);
  return writer.Done();
}

std::string_view FormatValue(const Value& value, std::span<char> out) {
  Writer writer(out);
  if (value.is_ref()) {
    // By kind: where a function lies is of no use to a reader.
    const HeapType heap = value.type().heap();
    const HeapType::Abstract kind = heap.is_abstract() ? heap.abstract() : HeapType::kFunc;
    WriteType(writer, ValType::Ref(kind, true));
    if (value.is_null()) writer.Text(":null");
    if (value.extern_handle()) writer.Text(":").Number(*value.extern_handle());
    return writer.Done();
  }
  WriteType(writer, value.type());
  writer.Text(":");
  switch (value.kind()) {
    case ValKind::kI32: writer.Number(value.i32()); break;
    case ValKind::kI64: writer.Number(value.i64()); break;
    case ValKind::kF32: WriteFloat(writer, value.f32_bits()); break;
    case ValKind::kF64: WriteFloat(writer, value.f64_bits()); break;
    case ValKind::kV128: WriteVector(writer, value.v128()); break;
    case ValKind::kRef:
    case ValKind::kI8:
    case ValKind::kI16:
    case ValKind::kBottom: break;
  }
  return writer.Done();
}

std::string_view FormatLinkError(const Store& store, std::span<char> out) {
  const std::optional<LinkError> error = store.link_error();
  if (!error) return {};
  const auto signature_of = [&](const ExternType& type) {
    const bool has_signature = type.kind == ExternKind::kFunc || type.kind == ExternKind::kTag;
    return has_signature ? store.SignatureOf(type.type) : FuncSignature();
  };
  Writer writer(out);
  writer.Text(error->given ? TextOf(ErrorCode::kIncompatibleImport) : TextOf(ErrorCode::kUnknownImport));
  writer.Text(": ").Guest(error->module).Text(".").Guest(error->name).Text(": expected ");
  WriteExternType(writer, error->expected, signature_of(error->expected));
  writer.Text(", found ");
  if (error->given) {
    WriteExternType(writer, *error->given, signature_of(*error->given));
  } else {
    writer.Text("nothing");
  }
  return writer.Done();
}

}  // namespace sandbox
