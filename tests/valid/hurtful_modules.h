// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Modules of about a given size, each made to hurt a validator whose time is not linear. All are valid under the limits
// that come with them.
#ifndef TESTS_VALID_HURTFUL_MODULES_H_
#define TESTS_VALID_HURTFUL_MODULES_H_

#include <algorithm>
#include <string>
#include <vector>

#include "sandbox/syntax/limits.h"
#include "tests/lib/module_builder.h"

namespace sandbox::testing {

struct HurtfulModule {
  std::string name;
  Bytes (*make)(size_t bytes);
  ImplementationLimits limits = {};
};

namespace hurtful {

inline constexpr ValType kI32 = ValType::I32();

// Functions of the type 0 until the module has the size; `next` makes a body, and says how many bytes it wants.
template <typename Next>
Bytes Fill(ModuleBuilder builder, size_t bytes, Next next, const std::vector<std::pair<uint32_t, ValType>>& locals = {}) {
  for (size_t size = 0; size < bytes;) {
    const Bytes body = next(bytes - size);
    builder.AddFunction(0, body, locals);
    size += body.size() + 3;
  }
  return builder.Build();
}

// A builder with the type 0, which takes and returns nothing.
inline ModuleBuilder WithType() {
  ModuleBuilder builder;
  builder.AddType({}, {});
  return builder;
}

inline void Repeat(Code& code, size_t count, const Bytes& bytes) {
  for (size_t i = 0; i < count; ++i) code.Raw(bytes);
}

// Tables of branches to many labels that carry a thousand operands each.
inline Bytes BranchTables(size_t bytes) {
  constexpr size_t kDepth = 100;
  constexpr size_t kArity = 1000;
  ModuleBuilder builder = WithType();
  builder.AddType({}, std::vector<ValType>(kArity, kI32));
  std::vector<uint32_t> labels;
  for (uint32_t i = 0; i < 3'000; ++i) labels.push_back(1 + i % kDepth);
  return Fill(builder, bytes, [&](size_t) {
    Code code;
    Repeat(code, kDepth, Code().BeginIndexed(Op::kBlock, 1));
    code.BeginIndexed(Op::kBlock, 1);
    Repeat(code, kArity, Code().I32Const(0));
    code.I32Const(0).BrTable(labels, 1);
    // Not reachable, each with a thousand operands that are.
    for (int i = 0; i < 2; ++i) {
      Repeat(code, kArity, Code().I32Const(0));
      code.I32Const(0).BrTable(labels, 1);
    }
    code.End();
    for (size_t i = 0; i < kDepth; ++i) code.Op(Op::kReturn).End();
    return code.Op(Op::kReturn).End().bytes();
  });
}

// Conditional branches that carry a thousand operands: four bytes for a thousand checks, at every size.
inline Bytes WideBranches(size_t bytes) {
  ModuleBuilder builder = WithType();
  builder.AddType({}, std::vector<ValType>(1000, kI32));
  return Fill(builder, bytes, [](size_t wanted) {
    Code code;
    code.BeginIndexed(Op::kBlock, 1);
    Repeat(code, 1000, Code().I32Const(0));
    Repeat(code, std::min<size_t>(wanted, 1'000'000) / 4, Code().I32Const(0).Op(Op::kBrIf, {0}));
    return code.End().Op(Op::kReturn).End().bytes();
  });
}

// As many locals as the default limit allows, in every function, declared in a few bytes.
inline Bytes ManyLocals(size_t bytes) {
  return Fill(WithType(), bytes, [](size_t) { return Code().LocalGet(49'999).Op(Op::kDrop).End().bytes(); },
              {{50'000, kI32}});
}
inline Bytes AMillionLocals(size_t bytes) {
  return Fill(WithType(), bytes, [](size_t) { return Code().LocalGet(999'999).Op(Op::kDrop).End().bytes(); },
              {{1'000'000, kI32}});
}
inline Bytes ManyLocalsWithoutDefault(size_t bytes) {
  ModuleBuilder builder = WithType();
  builder.AddGlobal({ValType::FuncRef(), false}, Code().Op(Op::kRefFunc, {0}).End());
  return Fill(builder, bytes,
              [](size_t) {
                return Code().Op(Op::kRefFunc, {0}).LocalSet(49'999).LocalGet(49'999).Op(Op::kDrop).End().bytes();
              },
              {{50'000, ValType::Ref(HeapType::kFunc, false)}});
}
// One run for each local, read from the last to the first.
inline Bytes ManyRuns(size_t bytes) {
  const std::vector<std::pair<uint32_t, ValType>> runs(10'000, {1, kI32});
  return Fill(WithType(), bytes, [](size_t) {
    Code code;
    for (uint32_t i = 10'000; i > 0; --i) code.LocalGet(i - 1).Op(Op::kDrop);
    return code.End().bytes();
  }, runs);
}

// Locals without default that blocks set and forget.
inline Bytes ForgottenLocals(size_t bytes) {
  ModuleBuilder builder = WithType();
  builder.AddGlobal({ValType::FuncRef(), false}, Code().Op(Op::kRefFunc, {0}).End());
  return Fill(builder, bytes, [](size_t wanted) {
    Code code;
    for (uint32_t i = 0; i < 900; ++i) code.Op(Op::kRefFunc, {0}).LocalSet(i);
    const Bytes block =
        Code().Begin(Op::kBlock).Op(Op::kRefFunc, {0}).LocalSet(999).LocalGet(999).Op(Op::kDrop).End();
    Repeat(code, std::min<size_t>(wanted, 1'000'000) / block.size(), block);
    return code.End().bytes();
  }, {{1000, ValType::Ref(HeapType::kFunc, false)}});
}

// Blocks nested as deep as the default limit allows, with branches to the outermost.
inline Bytes DeepNesting(size_t bytes) {
  return Fill(WithType(), bytes, [](size_t) {
    Code code;
    Repeat(code, 10'000, Code().Begin(Op::kBlock));
    Repeat(code, 5'000, Code().I32Const(0).Op(Op::kBrIf, {9'999}));
    Repeat(code, 10'000, Code().End());
    return code.End().bytes();
  });
}
inline Bytes DeepIfs(size_t bytes) {
  return Fill(WithType(), bytes, [](size_t) {
    Code code;
    Repeat(code, 10'000, Code().I32Const(0).Begin(Op::kIf));
    Repeat(code, 10'000, Code().Op(Op::kElse).End());
    return code.End().bytes();
  });
}

// Code after `unreachable` that takes operands for ever.
inline Bytes UnreachablePops(size_t bytes) {
  return Fill(WithType(), bytes, [](size_t wanted) {
    Code code;
    code.Op(Op::kUnreachable);
    Repeat(code, std::min<size_t>(wanted, 1'000'000) / 4,
           Code().Op(Op::kI32Add).Op(Op::kDrop).Op(Op::kSelect).Op(Op::kDrop));
    return code.End().bytes();
  });
}
// The same with instructions that take a thousand.
inline Bytes UnreachableCalls(size_t bytes) {
  ModuleBuilder builder = WithType();
  builder.AddType(std::vector<ValType>(1000, kI32), std::vector<ValType>(1000, kI32));
  builder.ImportFunction("m", "f", 1);
  return Fill(builder, bytes, [](size_t wanted) {
    Code code;
    code.Op(Op::kUnreachable);
    Repeat(code, std::min<size_t>(wanted, 1'000'000) / 2, Code().Call(0));
    return code.Op(Op::kReturn).End().bytes();
  });
}

inline Bytes TinyFunctions(size_t bytes) {
  return Fill(WithType(), bytes, [](size_t) { return Code().End().bytes(); });
}
// Tiny functions with a thousand parameters.
inline Bytes TinyWideFunctions(size_t bytes) {
  ModuleBuilder builder;
  builder.AddType(std::vector<ValType>(1000, kI32), {});
  return Fill(builder, bytes, [](size_t) { return Code().End().bytes(); });
}

// Chains of supertypes as long as they may be, again and again, each a little different.
inline Bytes TypeChains(size_t bytes) {
  ModuleBuilder builder;
  Bytes fields;
  uint32_t types = 0;
  for (size_t size = 0; size < bytes; ++types) {
    const bool is_root = types % 64 == 0;
    // The number of the chain, in binary.
    if (is_root) {
      fields = EncodeU(20);
      for (uint32_t bit = 0; bit < 20; ++bit) Append(fields, {static_cast<uint8_t>(types >> 6 >> bit & 1 ? 0x7f : 0x7e), 0});
    }
    const Bytes type = is_root ? Join({{0x50, 0, 0x5f}, fields}) : Join({{0x50, 1}, EncodeU(types - 1), {0x5f}, fields});
    builder.AddRawType(type);
    size += type.size();
  }
  return builder.Build();
}
// One group of many types that refer to each other.
inline Bytes LargeGroups(size_t bytes) {
  const uint32_t count = static_cast<uint32_t>(bytes / 16);
  Bytes group = Join({{0x4e}, EncodeU(count)});
  for (uint32_t i = 0; i < count; ++i) {
    Append(group, Join({{0x5f, 2, 0x63}, EncodeS((i * 7919) % count), {0, 0x63}, EncodeS(count - 1 - i), {1}}));
  }
  ModuleBuilder builder;
  builder.AddRawType(group, count);
  return builder.Build();
}
// The same type over and over.
inline Bytes EqualTypes(size_t bytes) {
  ModuleBuilder builder;
  for (size_t i = 0; i < bytes / 103; ++i) builder.AddType(std::vector<ValType>(100, kI32), {});
  return builder.Build();
}

inline Bytes ManyExports(size_t bytes) {
  ModuleBuilder builder;
  builder.AddMemory({});
  for (size_t i = 0; i < bytes / 24; ++i) {
    std::string name = std::to_string(i);
    builder.Export(std::string(20 - name.size(), '0') + name, ExternKind::kMemory, 0);
  }
  return builder.Build();
}

inline Bytes ManySegments(size_t bytes) {
  ModuleBuilder builder = WithType();
  builder.AddFunction(0, Code().End());
  builder.AddTable({ValType::FuncRef(), {}});
  builder.AddMemory({});
  const Bytes sum = Code().I32Const(1).I32Const(1).Op(Op::kI32Add).End();
  for (size_t i = 0; i < bytes / 40; ++i) {
    builder.AddRawElement(Join({{4}, sum, {3, 0xd2, 0, 0x0b, 0xd0, 0x70, 0x0b, 0xd2, 0, 0x0b}}));
    builder.AddData(0, sum, {1, 2, 3});
  }
  return builder.Build();
}

}  // namespace hurtful

inline std::vector<HurtfulModule> HurtfulModules() {
  using namespace hurtful;  // NOLINT(google-build-using-namespace)
  ImplementationLimits raised;
  raised.module_bytes = 64u << 20;
  raised.functions = raised.types = raised.recursion_group_types = raised.exports = 50'000'000;
  raised.element_segments = raised.data_segments = 50'000'000;
  ImplementationLimits million = raised;
  million.locals = 1'000'000;
  return {
      {"branch tables", BranchTables, raised},
      {"wide branches", WideBranches, raised},
      {"many locals", ManyLocals, raised},
      {"a million locals", AMillionLocals, million},
      {"many locals without default", ManyLocalsWithoutDefault, raised},
      {"many runs of locals", ManyRuns, raised},
      {"forgotten locals", ForgottenLocals, raised},
      {"deep nesting", DeepNesting, raised},
      {"deep ifs", DeepIfs, raised},
      {"unreachable pops", UnreachablePops, raised},
      {"unreachable calls", UnreachableCalls, raised},
      {"tiny functions", TinyFunctions, raised},
      {"tiny wide functions", TinyWideFunctions, raised},
      {"type chains", TypeChains, raised},
      {"large groups", LargeGroups, raised},
      {"equal types", EqualTypes, raised},
      {"many exports", ManyExports, raised},
      {"many segments", ManySegments, raised},
  };
}

}  // namespace sandbox::testing

#endif  // TESTS_VALID_HURTFUL_MODULES_H_
