// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Errors, traps and types in words, for people. Nothing here allocates: text goes to the front of a span that the
// caller gives (256 characters suffice for all but long names) and is cut short when that is full. Each function
// returns the part that it wrote. A program that does not call them does not link the texts.
#ifndef SANDBOX_EMBED_ERROR_TEXT_H_
#define SANDBOX_EMBED_ERROR_TEXT_H_

#include <span>
#include <string_view>

#include "sandbox/base/error.h"
#include "sandbox/embed/module.h"
#include "sandbox/embed/run_result.h"
#include "sandbox/embed/store.h"
#include "sandbox/runtime/value.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

// "invalid: type mismatch at offset 0x2f (valid-instr)". Names the instruction or the limit that `detail` holds.
std::string_view FormatError(const Error& error, std::span<char> out);

// "trap: integer divide by zero in $div (function 3) at offset 0x41".
std::string_view FormatTrap(const TrapInfo& trap, std::span<char> out);

// One line of a backtrace: "#1 $main (function 7) at offset 0x52".
std::string_view FormatFrame(size_t number, const TraceFrame& frame, std::span<char> out);

// "i32", "funcref", "(ref null 5)": a defined type by its number.
std::string_view FormatType(ValType type, std::span<char> out);
// "(i32, i64) -> (f32)".
std::string_view FormatSignature(const FuncSignature& signature, std::span<char> out);
// "i32:42", "f64:nan:0x8000000000000", "funcref:null", "externref:7", "funcref".
std::string_view FormatValue(const Value& value, std::span<char> out);
// "func (i32) -> ()", "memory 1..2", "table 1.. funcref", "global mut i64", "tag (i32)".
std::string_view FormatExternType(const ExternType& type, const FuncSignature& signature, std::span<char> out);

// "unknown import: env.add: expected func (i32) -> (), found nothing" for the store's link_error(); "" without one.
std::string_view FormatLinkError(const Store& store, std::span<char> out);

}  // namespace sandbox

#endif  // SANDBOX_EMBED_ERROR_TEXT_H_
