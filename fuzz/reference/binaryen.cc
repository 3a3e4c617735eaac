// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/reference/binaryen.h"

#include <binaryen-c.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "fuzz/reference/child_process.h"

namespace sandbox::fuzz {
namespace {

// Of version 108; without those that need a form of the module that nobody made (flatten's), take out what is asked for, or
// have functions of the host's called.
constexpr std::array kPasses = std::to_array<const char*>({
    "alignment-lowering", "avoid-reinterprets", "coalesce-locals", "coalesce-locals-learning", "code-folding",
    "code-pushing", "const-hoisting", "dae", "dae-optimizing", "dce", "dealign", "directize",
    "duplicate-function-elimination", "duplicate-import-elimination", "inlining", "inlining-optimizing", "licm",
    "limit-segments", "local-cse", "memory-packing", "merge-blocks", "merge-locals", "merge-similar-functions",
    "once-reduction", "optimize-added-constants-propagate", "optimize-instructions", "pick-load-signs", "precompute",
    "precompute-propagate", "remove-unused-brs", "remove-unused-module-elements", "remove-unused-names",
    "reorder-functions", "reorder-locals", "rse", "simplify-globals", "simplify-globals-optimizing", "simplify-locals",
    "simplify-locals-nonesting", "simplify-locals-nostructure", "simplify-locals-notee",
    "simplify-locals-notee-nostructure", "ssa", "ssa-nomerge", "untee", "vacuum",
});

constexpr int kTimeoutMs = 10'000;
// It keeps all types and names that it ever met.
constexpr uint32_t kMostQuestions = 2'000;

// A question: level, shrink level, number of passes, their numbers, the module.
std::vector<uint8_t> Answer(std::span<const uint8_t> question) {
  const uint8_t optimize_level = question[0];
  const uint8_t shrink_level = question[1];
  const size_t count = question[2];
  std::vector<const char*> passes;
  for (uint8_t number : question.subspan(3, count)) passes.push_back(kPasses[number]);
  const std::span<const uint8_t> bytes = question.subspan(3 + count);
  std::vector<char> input(bytes.begin(), bytes.end());
  const BinaryenModuleRef module = BinaryenModuleRead(input.data(), input.size());
  BinaryenModuleSetFeatures(module, BinaryenFeatureMutableGlobals() | BinaryenFeatureSignExt() |
                                        BinaryenFeatureNontrappingFPToInt() | BinaryenFeatureBulkMemory() |
                                        BinaryenFeatureMultivalue() | BinaryenFeatureTailCall() |
                                        BinaryenFeatureExtendedConst() | BinaryenFeatureReferenceTypes());
  std::vector<uint8_t> output;
  if (BinaryenModuleValidate(module)) {
    BinaryenSetOptimizeLevel(optimize_level);
    BinaryenSetShrinkLevel(shrink_level);
    if (passes.empty()) {
      BinaryenModuleOptimize(module);
    } else {
      BinaryenModuleRunPasses(module, passes.data(), static_cast<BinaryenIndex>(passes.size()));
    }
    const BinaryenModuleAllocateAndWriteResult written = BinaryenModuleAllocateAndWrite(module, nullptr);
    const std::span<const uint8_t> binary(static_cast<const uint8_t*>(written.binary), written.binaryBytes);
    output.assign(binary.begin(), binary.end());
    std::free(written.binary);
  }
  BinaryenModuleDispose(module);
  return output;
}

class Optimizer {
 public:
  ~Optimizer() {
    std::fprintf(stderr, "binaryen: %llu modules optimized, %llu not read, %llu times it failed\n",
                 static_cast<unsigned long long>(optimized_), static_cast<unsigned long long>(unread_),
                 static_cast<unsigned long long>(child_.failures()));
  }

  std::optional<std::vector<uint8_t>> Ask(std::span<const uint8_t> question) {
    if (++asked_ % kMostQuestions == 0) child_.Stop();
    std::optional<std::vector<uint8_t>> answer = child_.Ask(question, kTimeoutMs);
    if (answer && answer->empty()) {
      ++unread_;
      return std::nullopt;
    }
    if (answer) ++optimized_;
    return answer;
  }

 private:
  ChildProcess child_{&Answer};
  uint64_t asked_ = 0;
  uint64_t optimized_ = 0;
  uint64_t unread_ = 0;
};

}  // namespace

GeneratorOptions OptionsForBinaryen() {
  GeneratorOptions options;
  options.own_limit = 500;
  options.reference_types = false;
  options.typed_references = false;
  options.memory64 = false;
  options.wide_offsets = false;
  options.table64 = false;
  options.multi_memory = false;
  options.block_params = false;
  options.globals_in_constants = false;
  options.canonical_nans = options.patterned_memory = true;
  return options;
}

OptimizerPlan ChoosePlan(ByteSource& source) {
  OptimizerPlan plan;
  plan.optimize_level = static_cast<uint8_t>(source.Below(5));
  plan.shrink_level = static_cast<uint8_t>(source.Below(3));
  const uint32_t count = source.OneIn(2) ? 0 : source.Between(1, 6);
  for (uint32_t i = 0; i < count; ++i) plan.passes.emplace_back(source.Pick(kPasses));
  return plan;
}

std::string TextOf(const OptimizerPlan& plan) {
  std::string text = "-O" + std::to_string(plan.optimize_level) + " -s " + std::to_string(plan.shrink_level);
  for (const std::string& pass : plan.passes) text += " --" + pass;
  return text;
}

std::optional<std::vector<uint8_t>> Optimize(std::span<const uint8_t> module, const OptimizerPlan& plan) {
  static Optimizer optimizer;
  std::vector<uint8_t> question = {plan.optimize_level, plan.shrink_level, static_cast<uint8_t>(plan.passes.size())};
  for (const std::string& pass : plan.passes) {
    const auto found = std::find(kPasses.begin(), kPasses.end(), std::string_view(pass));
    question.push_back(static_cast<uint8_t>(found - kPasses.begin()));
  }
  question.insert(question.end(), module.begin(), module.end());
  return optimizer.Ask(question);
}

}  // namespace sandbox::fuzz
