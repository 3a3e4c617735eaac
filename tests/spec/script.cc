// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/spec/script.h"

#include <algorithm>
#include <array>
#include <deque>
#include <expected>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "tests/spec/json_value.h"

namespace sandbox::spec {
namespace {

std::optional<std::vector<uint8_t>> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::vector<uint8_t>(std::istreambuf_iterator<char>(in), {});
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

std::string StringOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool IsText(const Json& command) {
  return StringOf(command, "module_type") == "text" || StringOf(command, "filename").ends_with(".wat");
}

// The script and the bytes of its modules.
class Source {
 public:
  // Returns what is wrong, if anything.
  std::string Open(const std::string& path) {
    folder_ = FolderOf(path);
    const auto text = ReadFile(path);
    if (!text) return "cannot be read";
    json_ = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
    if (json_.is_discarded() || !json_.is_object() || !json_.contains("commands")) return "is no test script";
    const std::string shared = StringOf(json_, "module_bytes");
    if (shared.empty()) return "";
    const auto bytes = ReadFile(folder_ + shared);
    if (!bytes) return shared + " cannot be read";
    shared_ = *bytes;
    return "";
  }

  const Json& commands() const { return json_.at("commands"); }

  // The module's bytes in a block of their own, so that a sanitizer sees a read beyond them.
  std::optional<std::vector<uint8_t>> BytesOf(const Json& command) const {
    if (!command.contains("offset")) return ReadFile(folder_ + StringOf(command, "filename"));
    const size_t offset = command.at("offset").get<size_t>();
    const size_t size = command.at("size").get<size_t>();
    if (offset > shared_.size() || size > shared_.size() - offset) return std::nullopt;
    const auto begin = shared_.begin() + static_cast<std::ptrdiff_t>(offset);
    return std::vector<uint8_t>(begin, begin + static_cast<std::ptrdiff_t>(size));
  }

 private:
  std::string folder_;
  Json json_;
  std::vector<uint8_t> shared_;
};

// A module, or why there is none.
struct ModuleSlot {
  std::optional<Module> module;
  Error error{ErrorCode::kNoSuchExport};
  std::string unsupported;  // the reason
};

// An instance in each world, or why there is none.
struct InstanceSlot {
  std::vector<InstanceId> ids;
  std::string unsupported;
};

struct Answer {
  Verdict verdict = Verdict::kPassed;
  std::string text;
};
Answer Pass() { return {}; }
Answer Failure(std::string text) { return {Verdict::kFailed, std::move(text)}; }
Answer Unsupported(std::string text) { return {Verdict::kUnsupported, std::move(text)}; }
Answer Check(bool condition, std::string text) { return condition ? Pass() : Failure(std::move(text)); }

class Script {
 public:
  explicit Script(const Source& source) : source_(source) {}

  // Returns what is wrong, if anything.
  std::string Start(const RunOptions& options) {
    std::vector<WorldOptions> all = {options.world};
    if (options.compare) all.push_back(options.other_world);
    for (const WorldOptions& one : all) {
      auto world = World::Create(one);
      if (!world) return "no store: " + ReasonOf(world.error());
      worlds_.push_back(std::move(*world));
    }
    return "";
  }

  Answer Run(const Json& command);
  Answer Finish();
  size_t pauses() const { return worlds_.back().pauses(); }

 private:
  ModuleSlot Load(const Json& command);
  const ModuleSlot* FindModule(const Json& command, const char* key) const;
  const InstanceSlot* FindInstance(const Json& json, const char* key) const;

  // An instantiation and what it left, in all worlds. Different: Ran::complaint says so.
  Ran Instantiate(const ModuleSlot& slot, InstanceSlot& made);
  Ran Act(const InstanceSlot& slot, const Json& action, std::span<const Value> arguments);
  Ran Agree(std::span<const Ran> ran) const;
  // Why an instantiation could not link, if that is because of something unsupported.
  std::string UnsupportedImport();

  Answer Instance(const ModuleSlot& slot, const std::string& name);
  Answer ModuleCommand(const Json& command);
  Answer DefinitionCommand(const Json& command);
  Answer InstanceCommand(const Json& command);
  Answer RegisterCommand(const Json& command);
  Answer RejectCommand(const Json& command);
  // The command's module, which is expected to give no instance. Unexpected: the answer, as it did not come that far.
  std::expected<Ran, Answer> TryToInstantiate(const Json& command);
  Answer UnlinkableCommand(const Json& command);
  Answer UninstantiableCommand(const Json& command);
  Answer ActionCommand(const Json& command, const std::string& type);
  static Answer Judge(const Json& command, const std::string& type, const Ran& ran);

  const Source& source_;
  std::deque<std::vector<uint8_t>> bytes_;  // of loaded modules: outlive the stores
  std::vector<World> worlds_;
  std::map<std::string, std::shared_ptr<ModuleSlot>> modules_;
  std::map<std::string, std::shared_ptr<InstanceSlot>> instances_;
  std::map<std::string, std::string> unsupported_names_;  // import name -> reason
  std::shared_ptr<ModuleSlot> module_;                    // the current ones
  std::shared_ptr<InstanceSlot> instance_;
  std::vector<std::vector<InstanceId>> all_instances_;
};

ModuleSlot Script::Load(const Json& command) {
  ModuleSlot slot;
  auto bytes = source_.BytesOf(command);
  if (!bytes) return slot;
  bytes_.push_back(std::move(*bytes));
  auto module = Module::Load(bytes_.back());
  if (module) {
    slot.module = std::move(*module);
    return slot;
  }
  slot.error = module.error();
  if (ClassOf(slot.error.code) == ErrorClass::kUnsupported) slot.unsupported = ReasonOf(slot.error);
  return slot;
}

const ModuleSlot* Script::FindModule(const Json& command, const char* key) const {
  const std::string name = StringOf(command, key);
  if (name.empty()) return module_.get();
  const auto found = modules_.find(name);
  return found == modules_.end() ? nullptr : found->second.get();
}

const InstanceSlot* Script::FindInstance(const Json& json, const char* key) const {
  const std::string name = StringOf(json, key);
  if (name.empty()) return instance_.get();
  const auto found = instances_.find(name);
  return found == instances_.end() ? nullptr : found->second.get();
}

Ran Script::Agree(std::span<const Ran> ran) const {
  Ran first = ran[0];
  for (const Ran& other : ran.subspan(1)) {
    if (!other.complaint.empty()) first.complaint += "other world: " + other.complaint;
    if (Equivalent(first, other)) continue;
    first.complaint += "worlds differ: " + first.ToText() + " for " + std::to_string(first.fuel) + ", " +
                       other.ToText() + " for " + std::to_string(other.fuel);
  }
  return first;
}

Ran Script::Instantiate(const ModuleSlot& slot, InstanceSlot& made) {
  std::vector<Ran> ran;
  for (World& world : worlds_) {
    ran.push_back(world.Instantiate(*slot.module));
    if (ran.back().instance) made.ids.push_back(*ran.back().instance);
  }
  if (!made.ids.empty()) all_instances_.push_back(made.ids);
  return Agree(ran);
}

std::string Script::UnsupportedImport() {
  const auto error = worlds_[0].store().link_error();
  if (!error || error->given) return "";
  const auto found = unsupported_names_.find(std::string(error->module));
  return found == unsupported_names_.end() ? "" : found->second;
}

Answer Script::Instance(const ModuleSlot& slot, const std::string& name) {
  instance_ = std::make_shared<InstanceSlot>();
  if (!name.empty()) instances_[name] = instance_;
  instance_->unsupported = slot.unsupported;
  if (!slot.unsupported.empty()) return Unsupported(slot.unsupported);
  if (!slot.module) return Failure("rejected: " + ReasonOf(slot.error));
  InstanceSlot made;
  const Ran ran = Instantiate(slot, made);
  if (!ran.complaint.empty()) return Failure(ran.complaint);
  if (ran.kind == Ran::Kind::kRefused && ClassOf(ran.error.code) == ErrorClass::kLink) {
    instance_->unsupported = UnsupportedImport();
    if (!instance_->unsupported.empty()) return Unsupported(instance_->unsupported);
  }
  if (ran.kind != Ran::Kind::kDone) return Failure("not instantiated: " + ran.ToText());
  instance_->ids = made.ids;
  return Pass();
}

Answer Script::ModuleCommand(const Json& command) {
  module_ = std::make_shared<ModuleSlot>(Load(command));
  const std::string name = StringOf(command, "name");
  if (!name.empty()) modules_[name] = module_;
  return Instance(*module_, name);
}

Answer Script::DefinitionCommand(const Json& command) {
  module_ = std::make_shared<ModuleSlot>(Load(command));
  const std::string name = StringOf(command, "name");
  if (!name.empty()) modules_[name] = module_;
  if (!module_->unsupported.empty()) return Unsupported(module_->unsupported);
  return Check(module_->module.has_value(), "rejected: " + ReasonOf(module_->error));
}

Answer Script::InstanceCommand(const Json& command) {
  const ModuleSlot* const slot = FindModule(command, "module");
  if (slot == nullptr) return Failure("no such module");
  return Instance(*slot, StringOf(command, "instance"));
}

Answer Script::RegisterCommand(const Json& command) {
  const InstanceSlot* const slot = FindInstance(command, "name");
  if (slot == nullptr) return Failure("no such instance");
  const std::string as = StringOf(command, "as");
  unsupported_names_.erase(as);
  if (!slot->unsupported.empty()) {
    unsupported_names_[as] = slot->unsupported;
    return Unsupported(slot->unsupported);
  }
  if (slot->ids.empty()) return Failure("the instance was not made");
  for (size_t i = 0; i < worlds_.size(); ++i) {
    if (!worlds_[i].Register(slot->ids[i], as)) return Failure("not registered");
  }
  return Pass();
}

Answer Script::RejectCommand(const Json& command) {
  const ModuleSlot slot = Load(command);
  if (!slot.unsupported.empty()) return Unsupported(slot.unsupported);
  if (slot.module) return Failure("accepted, expected: " + StringOf(command, "text"));
  const ErrorClass cls = ClassOf(slot.error.code);
  if (slot.error.offset > bytes_.back().size()) return Failure("offset beyond the module");
  return Check(cls == ErrorClass::kMalformed || cls == ErrorClass::kInvalid, "rejected as " + ReasonOf(slot.error));
}

std::expected<Ran, Answer> Script::TryToInstantiate(const Json& command) {
  const ModuleSlot slot = Load(command);
  if (!slot.unsupported.empty()) return std::unexpected(Unsupported(slot.unsupported));
  if (!slot.module) return std::unexpected(Failure("rejected: " + ReasonOf(slot.error)));
  InstanceSlot made;
  Ran ran = Instantiate(slot, made);
  if (!ran.complaint.empty()) return std::unexpected(Failure(ran.complaint));
  return ran;
}

Answer Script::UnlinkableCommand(const Json& command) {
  const std::expected<Ran, Answer> ran = TryToInstantiate(command);
  if (!ran) return ran.error();
  return Check(ran->kind == Ran::Kind::kRefused && ClassOf(ran->error.code) == ErrorClass::kLink,
               "not refused by linking: " + ran->ToText());
}

Answer Script::UninstantiableCommand(const Json& command) {
  const std::expected<Ran, Answer> ran = TryToInstantiate(command);
  if (!ran) return ran.error();
  if (ran->kind == Ran::Kind::kRefused) {
    const std::string reason = UnsupportedImport();
    if (!reason.empty()) return Unsupported(reason);
  }
  if (ran->kind == Ran::Kind::kThrown) return Pass();
  return Check(ran->kind == Ran::Kind::kTrapped && TrapMatches(ran->trap, StringOf(command, "text")),
               "not trapped as expected: " + ran->ToText());
}

Ran Script::Act(const InstanceSlot& slot, const Json& action, std::span<const Value> arguments) {
  const std::string field = StringOf(action, "field");
  std::vector<Ran> ran;
  for (size_t i = 0; i < worlds_.size(); ++i) {
    ran.push_back(StringOf(action, "type") == "get" ? worlds_[i].GetGlobal(slot.ids[i], field)
                                                    : worlds_[i].Invoke(slot.ids[i], field, arguments));
  }
  return Agree(ran);
}

Answer Script::ActionCommand(const Json& command, const std::string& type) {
  const Json& action = command.at("action");
  const InstanceSlot* const slot = FindInstance(action, "module");
  if (slot == nullptr) return Failure("no such instance");
  if (!slot->unsupported.empty()) return Unsupported(slot->unsupported);
  if (slot->ids.empty()) return Failure("the instance was not made");
  std::vector<Value> arguments;
  if (action.contains("args")) {
    for (const Json& json : action.at("args")) {
      const auto value = ParseValue(json);
      if (!value) return Unsupported("argument of type " + StringOf(json, "type"));
      arguments.push_back(*value);
    }
  }
  const Ran ran = Act(*slot, action, arguments);
  if (!ran.complaint.empty()) return Failure(ran.complaint);
  return Judge(command, type, ran);
}

Answer Script::Judge(const Json& command, const std::string& type, const Ran& ran) {
  const std::string text = StringOf(command, "text");
  if (type == "assert_trap") {
    return Check(ran.kind == Ran::Kind::kTrapped && TrapMatches(ran.trap, text),
                 "did not trap for " + text + ": " + ran.ToText());
  }
  if (type == "assert_exhaustion") {
    return Check(ran.kind == Ran::Kind::kTrapped && ran.trap == TrapCode::kStackExhausted,
                 "did not exhaust the stack: " + ran.ToText());
  }
  if (type == "assert_exception") return Check(ran.kind == Ran::Kind::kThrown, "no exception: " + ran.ToText());
  if (ran.kind != Ran::Kind::kDone) return Failure("did not return: " + ran.ToText());
  if (type == "action") return Pass();
  if (command.contains("either")) {
    const Json& either = command.at("either");
    const auto matches = [&](const Json& one) { return ran.values.size() == 1 && Matches(one, ran.values[0]); };
    return Check(std::any_of(either.begin(), either.end(), matches), ran.ToText() + " is none of " + either.dump());
  }
  const Json& expected = command.at("expected");
  return Check(AllMatch(expected, ran.values), ran.ToText() + ", expected " + expected.dump());
}

Answer Script::Run(const Json& command) {
  const std::string type = StringOf(command, "type");
  if (IsText(command)) return {Verdict::kSkipped, "text format"};
  if (type == "assert_malformed_custom" || type == "assert_invalid_custom")
    return {Verdict::kSkipped, "custom section"};
  if (type == "module") return ModuleCommand(command);
  if (type == "module_definition") return DefinitionCommand(command);
  if (type == "module_instance") return InstanceCommand(command);
  if (type == "register") return RegisterCommand(command);
  if (type == "assert_malformed" || type == "assert_invalid") return RejectCommand(command);
  if (type == "assert_unlinkable") return UnlinkableCommand(command);
  if (type == "assert_uninstantiable") return UninstantiableCommand(command);
  if (type == "action" || type == "assert_return" || type == "assert_trap" || type == "assert_exhaustion" ||
      type == "assert_exception") {
    return ActionCommand(command, type);
  }
  return Unsupported("command " + type);
}

// Compares the memories of all instances when worlds are compared.
Answer Script::Finish() {
  if (worlds_.size() < 2) return Pass();
  for (const std::vector<InstanceId>& ids : all_instances_) {
    for (MemIdx index = 0;; ++index) {
      const auto one = worlds_[0].store().GetMemory(ids[0], index);
      const auto other = worlds_[1].store().GetMemory(ids[1], index);
      if (one.has_value() != other.has_value()) return Failure("memories differ");
      if (!one) break;
      const uint64_t size = one->size_bytes().value_or(0);
      if (size != other->size_bytes().value_or(0)) return Failure("sizes of memories differ");
      const auto left = one->Borrow(0, size);
      const auto right = other->Borrow(0, size);
      if (!left || !right || !std::equal(left->begin(), left->end(), right->begin())) {
        return Failure("memories of instance " + std::to_string(ids[0].index()) + " differ");
      }
    }
  }
  return Pass();
}

}  // namespace

size_t FileReport::Count(Verdict verdict) const {
  const auto is = [&](const CommandReport& command) { return command.verdict == verdict; };
  return static_cast<size_t>(std::count_if(commands.begin(), commands.end(), is));
}

bool TrapMatches(TrapCode code, std::string_view expected) {
  const auto fits = [&](std::string_view ours) { return ours.starts_with(expected) || expected.starts_with(ours); };
  if (fits(TextOf(code))) return true;
  constexpr std::array kCodes = {
#define SANDBOX_TRAP(name, text) TrapCode::name,
#include "sandbox/base/trap.def"
#undef SANDBOX_TRAP
  };
  return std::none_of(kCodes.begin(), kCodes.end(), [&](TrapCode one) { return fits(TextOf(one)); });
}

FileReport RunScript(const std::string& path, std::string_view name, const RunOptions& options) {
  FileReport report;
  report.name = name;
  Source source;
  report.error = source.Open(path);
  if (!report.error.empty()) return report;
  Script script(source);
  report.error = script.Start(options);
  if (!report.error.empty()) return report;
  for (const Json& command : source.commands()) {
    Answer answer = script.Run(command);
    report.commands.push_back(
        {command.value("line", 0), StringOf(command, "type"), answer.verdict, std::move(answer.text)});
  }
  report.pauses = script.pauses();
  const Answer last = script.Finish();
  if (last.verdict != Verdict::kPassed) report.error = last.text;
  return report;
}

std::vector<ScriptModule> ModulesOf(const std::string& path) {
  std::vector<ScriptModule> modules;
  Source source;
  if (!source.Open(path).empty()) return modules;
  for (const Json& command : source.commands()) {
    if (!command.contains("filename") || IsText(command)) continue;
    auto bytes = source.BytesOf(command);
    if (bytes) modules.push_back({command.value("line", 0), std::move(*bytes)});
  }
  return modules;
}

}  // namespace sandbox::spec
