// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A process that answers questions, one at a time: started when first asked, watched, killed when it does not answer in
// time, and started anew for the next question. What a reference does wrong stays in there.
#ifndef FUZZ_REFERENCE_CHILD_PROCESS_H_
#define FUZZ_REFERENCE_CHILD_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sandbox::fuzz {

class ChildProcess {
 public:
  // The descriptor on which the child gets questions and answers them, each as four bytes of length (least first) and
  // so many bytes.
  static constexpr int kChannel = 3;

  // A program with its arguments.
  explicit ChildProcess(std::vector<std::string> command) : command_(std::move(command)) {}
  // A copy of this process that answers by the function.
  using Answerer = std::function<std::vector<uint8_t>(std::span<const uint8_t>)>;
  explicit ChildProcess(Answerer answerer) : answerer_(std::move(answerer)) {}
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() { Stop(); }

  // Absent when the child died or did not answer in time; failure() says what happened.
  std::optional<std::vector<uint8_t>> Ask(std::span<const uint8_t> question, int timeout_ms);
  const std::string& failure() const { return failure_; }
  uint64_t failures() const { return failures_; }

  void Stop();

 private:
  bool Start();
  [[noreturn]] void RunChild(int channel);
  [[noreturn]] void AnswerForever();
  bool Fail(std::string what);
  bool Send(std::span<const uint8_t> bytes, int64_t deadline_ms);
  bool Receive(std::span<uint8_t> bytes, int64_t deadline_ms);
  bool WaitFor(short events, int64_t deadline_ms);

  std::vector<std::string> command_;
  Answerer answerer_;
  pid_t child_ = -1;
  int channel_ = -1;
  std::string failure_;
  uint64_t failures_ = 0;
};

}  // namespace sandbox::fuzz

#endif  // FUZZ_REFERENCE_CHILD_PROCESS_H_
