// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Steps of ApiScript that look at memories, tables, globals and links, and that end things.
#include <algorithm>
#include <array>
#include <utility>

#include "fuzz/oracle/api_script.h"
#include "fuzz/oracle/host_objects.h"
#include "fuzz/oracle/questions.h"

namespace sandbox::fuzz {
namespace {

constexpr size_t kMostViews = 16;

// The name of an export of a kind, or of anything.
std::string ExportName(ByteSource& source, const Module& module, ExternKind kind) {
  if (source.OneIn(16)) return "nothing";
  const uint32_t count = static_cast<uint32_t>(module.export_count());
  const uint32_t start = source.Below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const ExportInfo item = module.export_at((start + i) % count);
    if (item.type.kind == kind || source.OneIn(30)) return std::string(item.name);
  }
  return "";
}

template <typename Views>
void Limit(Views& views) {
  if (views.size() > kMostViews) views.erase(views.begin());
}

}  // namespace

template <typename View>
std::optional<ErrorCode> ApiScript::StateOf(const KnownView<View>& known) const {
  const World& world = *known.world;
  if (!world.is_alive()) return ErrorCode::kStaleHandle;
  if (known.instance == kNoIndex) {
    if (known.epoch != world.links_epoch) return ErrorCode::kStaleHandle;
    return std::nullopt;
  }
  if (known.epoch != world.epoch) return ErrorCode::kStaleHandle;
  const uint32_t index = known.view.place().instance;
  const bool is_released = std::ranges::any_of(instances_, [&](const KnownInstance& instance) {
    return instance.world == &world && instance.epoch == known.epoch && instance.id.index() == index &&
           instance.is_released;
  });
  if (is_released) return ErrorCode::kStaleHandle;
  return std::nullopt;
}

void ApiScript::Memories() {
  if (memories_.empty() || source_.OneIn(3)) {
    World& world = AnyWorld();
    const KnownInstance* const known = AnyInstance(world);
    if (known == nullptr || !world.is_alive()) return;
    const Module& module = modules_[known->module].module;
    const std::string name = ExportName(source_, module, ExternKind::kMemory);
    const Result<MemoryView> view = source_.OneIn(2) ? world.store->GetMemory(known->id, name)
                                                     : world.store->GetMemory(known->id, source_.Below(3));
    const bool has = view.has_value();
    ExpectState(StateOf(*known, world), has, has ? Error() : view.error(),
                {ErrorCode::kNoSuchExport, ErrorCode::kWrongExportKind, ErrorCode::kOutOfRange}, "GetMemory");
    if (has) memories_.push_back({&world, *view, world.epoch, 0});
    return Limit(memories_);
  }
  UseMemory(memories_[source_.Below(static_cast<uint32_t>(memories_.size()))]);
}

void ApiScript::UseMemory(const KnownView<MemoryView>& known) {
  const MemoryView view = known.view;
  const std::optional<ErrorCode> state = StateOf(known);
  const Result<uint64_t> size = view.size_bytes();
  ExpectState(state, size.has_value(), size ? Error() : size.error(), {}, "size_bytes");
  const uint64_t end = size.value_or(0);
  const Result<uint64_t> pages = view.pages();
  const Result<MemoryType> type = view.type();
  Require(pages.has_value() == size.has_value() && type.has_value() == size.has_value(), "a view knows one size only");
  if (type) Require(*pages >= type->limits.min && *pages <= type->limits.max.value_or(*pages), "pages and type disagree");
  // Around the end, or anywhere.
  const uint64_t address = source_.OneIn(3) ? source_.Interesting() : end + source_.Below(20) - 10;
  const auto check = [&](const auto& result, uint64_t width, std::string_view what) {
    const bool fits = address <= end && width <= end - address;
    if (state) return ExpectState(state, result.has_value(), result ? Error() : result.error(), {}, what);
    Require(result.has_value() == fits, std::string(what) + ": another end of the memory than size_bytes()");
    if (!result) Expect(result.error(), {ErrorCode::kOutOfRange}, what);
  };
  switch (source_.Below(8)) {
    case 7: {
      std::array<char, 9> text{};
      return check(view.ReadString(address, 9, text), 9, "ReadString");
    }
    case 0: return check(view.Read<uint64_t>(address), 8, "Read");
    case 1: return check(view.Write<uint16_t>(address, 0x1234), 2, "Write");
    case 2: {
      std::array<uint8_t, 13> bytes{};
      return check(view.ReadBytes(address, bytes), bytes.size(), "ReadBytes");
    }
    case 3: return check(view.WriteString(address, "text"), 4, "WriteString");
    case 4: {
      std::array<char, 9> text{};
      const Result<std::string_view> read = view.ReadCString(address, text);
      if (!read) ExpectState(state, false, read.error(), {ErrorCode::kOutOfRange}, "ReadCString");
      return;
    }
    case 5: {
      const Result<MutableByteSpan> bytes = view.Borrow(address, 5);
      check(bytes, 5, "Borrow");
      if (bytes) std::ranges::fill(*bytes, uint8_t{7});
      return;
    }
    default: {
      const Result<uint64_t> grown = view.Grow(source_.OneIn(4) ? source_.Interesting() : source_.Below(3));
      ExpectState(state, grown.has_value(), grown ? Error() : grown.error(), {}, "Grow");
    }
  }
}

void ApiScript::Tables() {
  if (tables_.empty() || source_.OneIn(3)) {
    World& world = AnyWorld();
    const KnownInstance* const known = AnyInstance(world);
    if (known == nullptr || !world.is_alive()) return;
    const std::string name = ExportName(source_, modules_[known->module].module, ExternKind::kTable);
    const Result<TableView> view = world.store->GetTable(known->id, name);
    const bool has = view.has_value();
    ExpectState(StateOf(*known, world), has, has ? Error() : view.error(),
                {ErrorCode::kNoSuchExport, ErrorCode::kWrongExportKind}, "GetTable");
    if (has) tables_.push_back({&world, *view, world.epoch, 0});
    return Limit(tables_);
  }
  const KnownView<TableView> known = source_.Pick(tables_);
  const std::optional<ErrorCode> state = StateOf(known);
  const Result<uint64_t> size = known.view.size();
  ExpectState(state, size.has_value(), size ? Error() : size.error(), {}, "size");
  const Result<TableType> type = known.view.type();
  if (size) Require(type && type->element.is_ref() && *size >= type->limits.min, "size and type disagree");
  const uint64_t index = source_.OneIn(3) ? source_.Interesting() : size.value_or(0) + source_.Below(5) - 3;
  const bool fits = index < size.value_or(0);
  switch (source_.Below(3)) {
    case 0: {
      const Result<Value> value = known.view.Get(index);
      if (!state) Require(value.has_value() == fits, "a table has another end than size()");
      ExpectState(state, value.has_value(), value ? Error() : value.error(), {ErrorCode::kOutOfRange}, "Get");
      if (value && values_.size() < 40) values_.push_back(*value);
      return;
    }
    case 1: {
      const Result<void> set = known.view.Set(index, SomeValue(ValType::FuncRef()));
      if (!state) Require(!set.has_value() || fits, "an element is set that does not exist");
      ExpectState(state, set.has_value(), set ? Error() : set.error(),
                  {ErrorCode::kOutOfRange, ErrorCode::kWrongArguments, ErrorCode::kWrongStore, ErrorCode::kStaleHandle},
                  "Set");
      return;
    }
    default: {
      const Result<uint64_t> grown = known.view.Grow(source_.Below(20), SomeValue(ValType::FuncRef()));
      ExpectState(state, grown.has_value(), grown ? Error() : grown.error(),
                  {ErrorCode::kWrongArguments, ErrorCode::kWrongStore, ErrorCode::kStaleHandle}, "Grow");
    }
  }
}

void ApiScript::Globals() {
  if (globals_.empty() || source_.OneIn(3)) {
    World& world = AnyWorld();
    const KnownInstance* const known = AnyInstance(world);
    if (known == nullptr || !world.is_alive()) return;
    const std::string name = ExportName(source_, modules_[known->module].module, ExternKind::kGlobal);
    const Result<GlobalView> view = world.store->GetGlobalView(known->id, name);
    const bool has = view.has_value();
    ExpectState(StateOf(*known, world), has, has ? Error() : view.error(),
                {ErrorCode::kNoSuchExport, ErrorCode::kWrongExportKind}, "GetGlobalView");
    if (has) globals_.push_back({&world, *view, world.epoch, 0});
    if (has && source_.OneIn(2)) {
      const Result<void> set = world.store->SetGlobal(known->id, name, SomeValue(view->type()->type));
      if (!set) {
        Expect(set.error(), {ErrorCode::kNotMutable, ErrorCode::kWrongArguments, ErrorCode::kWrongStore,
                             ErrorCode::kStaleHandle}, "SetGlobal");
      }
    }
    return Limit(globals_);
  }
  const KnownView<GlobalView> known = source_.Pick(globals_);
  const std::optional<ErrorCode> state = StateOf(known);
  const Result<GlobalType> type = known.view.type();
  ExpectState(state, type.has_value(), type ? Error() : type.error(), {}, "type");
  const Value value = SomeValue(type ? type->type : ValType::I32());
  const Result<void> set = known.view.Set(value);
  if (type) Require(!set || type->is_mutable, "an immutable global is set");
  ExpectState(state, set.has_value(), set ? Error() : set.error(),
              {ErrorCode::kNotMutable, ErrorCode::kWrongArguments, ErrorCode::kWrongStore, ErrorCode::kStaleHandle},
              "Set");
  const Result<Value> now = known.view.Get();
  ExpectState(state, now.has_value(), now ? Error() : now.error(), {}, "Get");
  if (set && now && !value.is_ref()) Require(*now == value, "a global is not what it was set to");
}

void ApiScript::Links() {
  World& world = AnyWorld();
  if (!world.is_alive()) return;
  Store& store = *world.store;
  const std::string name = "x" + std::to_string(source_.Below(4));
  const auto check = [&](const auto& linked, std::initializer_list<ErrorCode> allowed) {
    if (!linked) Expect(linked.error(), allowed, "Link");
  };
  Limits limits;
  limits.min = source_.Below(3);
  if (source_.OneIn(2)) limits.max = source_.Below(6);
  switch (source_.Below(7)) {
    case 0: {
      const std::vector<ValType> types = {source_.OneIn(2) ? ValType::F64() : ValType::FuncRef(), ValType::I64()};
      if (source_.OneIn(2)) return check(store.LinkFunc("env", name, types, types), {ErrorCode::kDuplicateLink});
      return check(store.LinkFunc("env", name, source_.Below(4), source_.Below(3)), {ErrorCode::kDuplicateLink});
    }
    case 1: {
      const Result<GlobalView> view = store.LinkGlobal("env", name, SomeValue(ValType::I64()), source_.OneIn(2));
      check(view, {ErrorCode::kDuplicateLink, ErrorCode::kWrongArguments, ErrorCode::kWrongStore, ErrorCode::kStaleHandle});
      if (view) globals_.push_back({&world, *view, world.links_epoch, kNoIndex});
      return Limit(globals_);
    }
    case 2: {
      const Result<TableView> view = store.LinkTable("env", name, {ValType::FuncRef(), limits});
      check(view, {ErrorCode::kDuplicateLink, ErrorCode::kBadConfiguration});
      if (view) tables_.push_back({&world, *view, world.links_epoch, kNoIndex});
      return Limit(tables_);
    }
    case 3: {
      const Result<MemoryView> view = store.LinkMemory("env", name, {limits});
      check(view, {ErrorCode::kDuplicateLink, ErrorCode::kBadConfiguration});
      if (view) memories_.push_back({&world, *view, world.links_epoch, kNoIndex});
      return Limit(memories_);
    }
    case 4: {
      spans_.emplace_back(source_.Word(2));
      const Result<MemoryView> view = store.LinkMemory("env", name, {limits}, MutableByteSpan(spans_.back()));
      check(view, {ErrorCode::kDuplicateLink, ErrorCode::kBadConfiguration});
      if (view) memories_.push_back({&world, *view, world.links_epoch, kNoIndex});
      return Limit(memories_);
    }
    case 5: {
      const Module& module = source_.Pick(std::vector{modules_.front().module, modules_.back().module});
      const uint32_t import = source_.Below(static_cast<uint32_t>(module.import_count()) + 1);
      return check(store.LinkImport(module, import),
                   {ErrorCode::kDuplicateLink, ErrorCode::kWrongExportKind, ErrorCode::kOutOfRange});
    }
    default: return check(LinkHostObjects(store, modules_.back().module, 2), {ErrorCode::kWrongArguments});
  }
}

void ApiScript::Lifetimes() {
  const size_t slot = source_.Below(static_cast<uint32_t>(slots_.size()));
  World& world = *slots_[slot];
  if (!world.is_alive()) {
    if (world.driving == 0) NewWorld(slot);
    return;
  }
  switch (source_.Below(6)) {
    case 0: {
      ResetOptions options;
      options.keep_links = !source_.OneIn(3);
      const Result<void> reset = world.store->Reset(options);
      Require(reset.has_value() == (world.driving == 0), "Reset and who runs do not fit");
      if (!reset) return Expect(reset.error(), {ErrorCode::kOutOfTurn}, "Reset");
      ++world.epoch;
      if (!options.keep_links) {
        ++world.links_epoch;
        LinkHost(world);
      }
      world.runs.clear();
      return;
    }
    case 1:
      // Pending or not; even inside of a host function that it called.
      if (world.driving > 0 && !source_.OneIn(3)) return;
      EndWorld(world);
      if (world.driving == 0) NewWorld(slot);
      return;
    case 2: {
      // Moved away and back: everything is where it was.
      if (world.driving > 0) return;
      Store other = std::move(*world.store);
      Require(!world.store->InstanceAt(0).has_value() && world.store->interrupt() == nullptr, "a moved-from store works");
      *world.store = std::move(other);
      return;
    }
    default: {
      if (instances_.empty()) return;
      KnownInstance& known = instances_[source_.Below(static_cast<uint32_t>(instances_.size()))];
      std::optional<ErrorCode> state = StateOf(known, world);
      if (!state && !world.runs.empty()) state = ErrorCode::kOutOfTurn;
      const Result<void> released = world.store->Release(known.id);
      ExpectState(state, released.has_value(), released ? Error() : released.error(), {}, "Release");
      if (released) known.is_released = world.has_released = true;
    }
  }
}

void ApiScript::Metering() {
  World& world = AnyWorld();
  if (!world.is_alive()) return;
  Store& store = *world.store;
  switch (source_.Below(4)) {
    case 0:
      store.interrupt()->Request();
      return;
    case 1:
      store.SetFuel(source_.Word(2));
      return;
    default: {
      const uint64_t before = store.fuel();
      const uint64_t more = source_.Word(2);
      store.AddFuel(more);
      Require(store.fuel() == before + more, "AddFuel adds something else");
    }
  }
}

void ApiScript::Questions() {
  World& world = AnyWorld();
  if (!world.is_alive()) return;
  const Store& store = *world.store;
  AskStore(store);
  AskValue(SomeValue(source_.Pick(std::vector{ValType::I32(), ValType::I64(), ValType::F32(), ValType::F64()})));
  if (!values_.empty()) AskValue(source_.Pick(values_));
  if (const std::optional<RunResult> pending = store.pending()) {
    Require(pending->is_pending(), "what is pending is not");
    Require(store.last_call().has_value() == (pending->outcome() == Outcome::kHostCall), "last_call is wrong");
  }
  const KnownInstance* const known = AnyInstance(world);
  if (known == nullptr) return;
  const Result<Module> module = store.ModuleOf(known->id);
  ExpectState(StateOf(*known, world), module.has_value(), module ? Error() : module.error(), {}, "ModuleOf");
  if (module) Require(*module == modules_[known->module].module, "ModuleOf is another module");
  const Result<InstanceId> at = store.InstanceAt(source_.Below(6));
  if (!at) Expect(at.error(), {ErrorCode::kOutOfRange, ErrorCode::kStaleHandle}, "InstanceAt");
  if (!runs_.empty()) {
    const KnownRun& run = source_.Pick(runs_);
    const TrapInfo trap = run.run.trap();
    AskTrap(trap);
    Require(!trap.where || run.run.is_trapped(), "a run that did not trap tells where");
    if (!run.run.is_done()) Require(run.run.values().empty(), "values of a run that is not done");
  }
}

}  // namespace sandbox::fuzz
