// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// One suite for every way in which guest code can be run: each tier, each dispatch form, with all the fuel at once and
// with one unit at a time. Everything observable must be the same.
#ifndef TESTS_INPLACE_FORMS_H_
#define TESTS_INPLACE_FORMS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/sandbox.h"
#include "sandbox/syntax/opcode.h"
#include "tests/lib/module_builder.h"

namespace sandbox::testing {

struct Form {
  const char* name;
  Tier tier;
  Dispatch dispatch;
  bool is_stepped;  // one unit of fuel at a time
};

std::vector<Form> AllForms();
std::string NameOf(const ::testing::TestParamInfo<Form>& info);

// What became of a run.
struct Ran {
  Outcome outcome = Outcome::kDone;
  std::vector<Value> values;        // kDone
  TrapCode trap = TrapCode::kHost;  // kTrapped
  uint64_t fuel = 0;                // used in all
  std::vector<uint64_t> costs;      // stepped: of each instruction in turn
};

class FormTest : public ::testing::TestWithParam<Form> {
 protected:
  Config MakeConfig() const;
  Store MakeStore(const Config& config) const;
  Store MakeStore() const { return MakeStore(MakeConfig()); }

  // Loads and instantiates; the start function must end.
  InstanceId Instantiate(Store& store, const ModuleBuilder& builder);
  Module Load(const ModuleBuilder& builder);

  // Calls an export and sees it through: out of fuel, it gets some more; host calls are not expected.
  Ran Run(Store& store, InstanceId instance, std::string_view name, std::initializer_list<Value> arguments = {}) const;
  Ran Run(Store& store, const FuncHandle& function, std::span<const Value> arguments) const;
  // The same for a run that was begun with the fuel that Fill gave.
  uint64_t Fill(Store& store) const;
  Ran Finish(Store& store, Result<RunResult> run, uint64_t given) const;

  // A call's only result.
  Value Call(Store& store, InstanceId instance, std::string_view name,
             std::initializer_list<Value> arguments = {}) const;

 private:
  std::deque<Bytes> bytes_;  // of the loaded modules
};

// For Call's results and the like.
inline Value I32(int32_t value) { return Value::I32(value); }
inline Value I64(int64_t value) { return Value::I64(value); }

// Adds a function and exports it. `code` lacks the final end.
uint32_t AddExport(ModuleBuilder& builder, std::string_view name, uint32_t type, Code code,
                   const std::vector<std::pair<uint32_t, ValType>>& locals = {});

// `count` times the same code.
Code Repeat(size_t count, const Code& code);

// ValType::I32() so many times.
std::vector<ValType> I32s(size_t count);

#define INSTANTIATE_FORMS(Suite) INSTANTIATE_TEST_SUITE_P(Forms, Suite, ::testing::ValuesIn(AllForms()), NameOf)

}  // namespace sandbox::testing

#endif  // TESTS_INPLACE_FORMS_H_
