// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/verify.h"

#include "sandbox/base/check.h"
#include "sandbox/fast/cold_codes.h"
#include "sandbox/fast/joins.h"
#include "sandbox/fast/regions.h"

namespace sandbox::fast {
namespace {

class Verifier {
 public:
  Verifier(const ModuleData& module, const FastFunction& function, const CodeView& code)
      : module_(module), function_(function), code_(code), starts_(module.functions.budget()) {}

  bool Verify() {
    // Marks where instructions begin, then looks at the branches.
    if (!starts_.Resize(code_.code.size(), 0)) return true;
    return code_.code.size() > 1 && Walk(&Verifier::LookAtFields) && MarkRegions() && AreLoopsInOrder() &&
           Walk(&Verifier::LookAtTargets) && Walk(&Verifier::LookAtPins) && entered_ == code_.loops.size();
  }

 private:
  static constexpr uint8_t kInstruction = 1;
  static constexpr uint8_t kRegion = 2;

  bool Walk(bool (Verifier::*look)(size_t at, const Shape& shape, size_t end)) {
    for (size_t i = 1; i < code_.code.size();) {
      const Shape shape = ShapeOf(code_.code[i]);
      const uint64_t end = EndOf(code_.code, i, shape);
      if (!shape.exists || code_.code[i] <= kInPlaceStub || end > code_.code.size()) return false;
      if (!(this->*look)(i, shape, static_cast<size_t>(end))) return false;
      i = static_cast<size_t>(end);
    }
    return true;
  }

  bool LookAtFields(size_t at, const Shape& shape, size_t) {
    starts_[at] |= kInstruction;
    size_t i = at + 1;
    for (const char field : shape.text()) {
      if (field == '*') break;
      const uint32_t slots = function_.param_slots + function_.needed_slots;
      if ((field == 'd' || field == 's') && code_.code[i] >= slots) return false;
      // A range may be empty.
      if (field == 'b' && code_.code[i] > slots) return false;
      i += SizeOfField(field);
    }
    return AreNumbersInRange(at);
  }

  bool AreNumbersInRange(size_t at) const {
    const uint32_t globals = static_cast<uint32_t>(module_.globals.size());
    switch (code_.code[at]) {
      case kCall: return Word(at + 1) < module_.functions.size() && IsResultOfCallInFrame(at);
      case kCallImport:
        return Word(at + 1) < module_.imported_functions.size() && IsResultOfImportInFrame(at) &&
               IsRangeInFrame(at + 6, at + 7);
      case kReturnMany: return IsRangeInFrame(at + 1, at + 2);
      case kMoveDown: return IsRangeInFrame(at + 1, at + 3) && IsRangeInFrame(at + 2, at + 3);
      case kRefFunc: return Word(at + 2) < module_.imported_functions.size() + module_.functions.size();
      case kCallIndirect:
      case kCallIndirectAcc:
        return Word(at + 1) < module_.types.size() && code_.code[at + 3] < module_.tables.size() &&
               IsResultOfIndirectInFrame(at);
      case kGlobalGet:
      case kGlobalSet: return Word(at + 2) < globals;
      case kGlobalSetAcc: return Word(at + 1) < globals;
      case kCold: return code_.code[at + 1] < cold::kCount && code_.code[at + 5] == 0;
      case kColdReturnCall: return code_.code[at + 1] < cold::kCount;
      case kMemoryCopy:
      case kMemoryFill: return code_.code[at + 1] == cold::kBulk && code_.code[at + 4] >= 2 && code_.code[at + 5] == 0;
      default: return true;
    }
  }

  // Where the only result, which is returned in the slot `home`, is wanted, too, lies below that.
  bool IsResultInFrame(FuncTypeView type, uint32_t home, size_t field) const {
    const int32_t distance = static_cast<int16_t>(code_.code[field]);
    if (distance == 0) return true;
    return type.results.size() == 1 && distance < 0 && static_cast<int32_t>(home) + distance >= 0;
  }
  bool IsResultOfCallInFrame(size_t at) const {
    const FuncTypeView type = module_.types.FuncType(module_.functions[Word(at + 1)].type);
    return IsResultInFrame(type, code_.code[at + 3], at + 4);
  }
  // A slow path finds the result below the arguments' top, a waiting one where they begin.
  bool IsResultOfImportInFrame(size_t at) const {
    const FuncTypeView type = module_.types.FuncType(module_.FunctionType(Word(at + 1)));
    const uint32_t home = code_.code[at + 6];
    const bool is_one_place = code_.code[at + 9] == home && code_.code[at + 5] + 1u == home + type.params.size();
    return code_.code[at + 10] == 0 || (is_one_place && IsResultInFrame(type, home, at + 10));
  }
  bool IsResultOfIndirectInFrame(size_t at) const {
    const FuncTypeView type = module_.types.FuncType(Word(at + 1));
    const size_t params = type.params.size();
    return code_.code[at + 6] >= params && IsResultInFrame(type, static_cast<uint32_t>(code_.code[at + 6] - params), at + 7);
  }
  // As many slots from there on are the frame's.
  bool IsRangeInFrame(size_t begin, size_t count) const {
    return code_.code[begin] + code_.code[count] <= function_.param_slots + function_.needed_slots;
  }

  bool MarkRegions() {
    if (code_.checkpoints.empty()) return false;
    RegionReader reader = RegionReader::BeforeCode(code_, 0);
    do {
      const Region& region = reader.region();
      // A region may begin behind the last instruction: nobody comes back from the call there.
      if (region.code == code_.code.size()) continue;
      if (region.code > code_.code.size() || (starts_[region.code] & kInstruction) == 0) return false;
      if (region.height > function_.needed_slots - function_.local_slots - 1) return false;
      starts_[region.code] |= kRegion;
    } while (reader.Next());
    return true;
  }

  bool LookAtTargets(size_t at, const Shape& shape, size_t end) {
    size_t i = at + 1;
    for (const char field : shape.text()) {
      if (field == 't' && !IsTarget(at, i, !IsRefund(TargetOf(at, i)))) return false;
      if (field == '*') break;
      i += SizeOfField(field);
    }
    // Those of br_table may be pieces of code that belong to it.
    const bool is_table = !shape.text().empty() && shape.text().back() == '*';
    for (; is_table && i < end; i += kTableEntrySize) {
      if (!IsTarget(at, i, false)) return false;
      if (code_.code[i + kTableEntryOpcode] != code_.code[static_cast<size_t>(TargetOf(at, i))]) return false;
    }
    return true;
  }

  // --- Pins ---

  bool AreLoopsInOrder() const {
    size_t last = 1;
    for (const LoopCode& loop : code_.loops) {
      if (loop.begin <= last || loop.begin > loop.end || loop.end > code_.code.size()) return false;
      if (loop.begin < code_.code.size() && (starts_[loop.begin] & kRegion) == 0) return false;
      last = loop.end;
    }
    return true;
  }

  bool LookAtPins(size_t at, const Shape& shape, size_t end) {
    const LoopCode* const loop = LoopAround(code_, at);
    if (shape.is_pinned && loop == nullptr) return false;
    if (shape.is_back && TargetOf(at, at + 1) != loop->begin) return false;
    if (code_.code[at] == kEnterLoop) return IsEntry(at, loop, end);
    return loop == nullptr || (KeepsPins(at, shape, *loop) && (!LeavesPins(code_.code[at]) || IsReentered(end, *loop)));
  }

  // Before a loop it is the next instruction; in it, it says the same again.
  bool IsEntry(size_t at, const LoopCode* loop, size_t end) {
    if (loop == nullptr) {
      if (entered_ == code_.loops.size() || code_.loops[entered_].begin != end) return false;
      loop = &code_.loops[entered_++];
    }
    return code_.code[at + 1] == loop->pin0 && code_.code[at + 2] == loop->pin1 && TargetOf(at, at + 3) == loop->begin;
  }

  // Who writes the slot of a pinned local writes its pin, and nobody else does.
  bool KeepsPins(size_t at, const Shape& shape, const LoopCode& loop) const {
    size_t i = at + 1;
    bool keeps = true;
    for (const char field : shape.text()) {
      if (field == '*') break;
      if (field == 'd') {
        const uint16_t slot = code_.code[i];
        const bool is_second = slot == loop.pin1 && loop.pin1 != loop.pin0;
        const size_t wanted = slot == loop.pin0 ? 0 : is_second ? 1 : kPins;
        keeps &= shape.pin == wanted;
      }
      i += SizeOfField(field);
    }
    return keeps;
  }

  // What goes on elsewhere comes back without them.
  static bool LeavesPins(uint16_t opcode) {
    switch (opcode) {
      case kCall:
      case kCallImport:
      case kCallIndirect:
      case kCallIndirectAcc:
      case kCold:
      case kMemoryCopy:
      case kMemoryFill:
      case kStepInPlace: return true;
      default: return false;
    }
  }
  bool IsReentered(size_t end, const LoopCode& loop) const { return end == loop.end || code_.code[end] == kEnterLoop; }

  int64_t TargetOf(size_t at, size_t field) const {
    return static_cast<int64_t>(at) + static_cast<int32_t>(Word(field));
  }
  // A region begins behind it.
  bool IsRefund(int64_t at) const {
    return at >= 1 && at < static_cast<int64_t>(code_.code.size()) && code_.code[static_cast<size_t>(at)] == kRefund;
  }

  bool IsTarget(size_t at, size_t field, bool must_be_region) const {
    const int64_t target = TargetOf(at, field);
    if (target < 1 || target >= static_cast<int64_t>(code_.code.size())) return false;
    const uint8_t wanted = must_be_region ? kRegion : kInstruction;
    if ((starts_[static_cast<size_t>(target)] & wanted) == 0) return false;
    // Nobody gets into a loop but through its entry.
    const LoopCode* const into = LoopAround(code_, static_cast<size_t>(target));
    return into == nullptr || into == LoopAround(code_, at) || code_.code[at] == kEnterLoop;
  }

  uint32_t Word(size_t at) const { return code_.code[at] | uint32_t{code_.code[at + 1]} << 16; }

  const ModuleData& module_;
  const FastFunction& function_;
  const CodeView code_;
  Vec<uint8_t> starts_;
  size_t entered_ = 0;  // loops whose entry was seen
};

}  // namespace

bool IsCodeValid(const ModuleData& module, const FastFunction& function, const CodeView& code) {
  return Verifier(module, function, code).Verify();
}

void VerifyCode(const ModuleData& module, const FastFunction& function, const CodeView& code) {
  SANDBOX_CHECK(IsCodeValid(module, function, code));
}

}  // namespace sandbox::fast
