// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/reference/child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <utility>

// The fuzzer's own handlers must not write the reference's crash down as ours.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace sandbox::fuzz {
namespace {

constexpr uint32_t kMostBytes = 256u << 20;

int64_t NowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::array<uint8_t, 4> LengthOf(size_t size) {
  std::array<uint8_t, 4> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(size >> 8 * i);
  return bytes;
}

uint32_t LengthFrom(std::span<const uint8_t, 4> bytes) {
  uint32_t length = 0;
  for (size_t i = 0; i < bytes.size(); ++i) length |= uint32_t{bytes[i]} << 8 * i;
  return length;
}

std::string EndOf(int status) {
  if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

bool ChildProcess::Start() {
  if (child_ > 0) return true;
  std::array<int, 2> ends;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return Fail("no channel");
  std::fflush(nullptr);
  const pid_t parent = getpid();
  child_ = fork();
  if (child_ < 0) {
    close(ends[0]);
    close(ends[1]);
    return Fail("no process");
  }
  if (child_ == 0) {
    // It does not outlive a fuzzer that is killed.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    RunChild(ends[1]);
  }
  close(ends[1]);
  channel_ = ends[0];
  return true;
}

void ChildProcess::RunChild(int channel) {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  const int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDIN_FILENO);
  dup2(nothing, STDOUT_FILENO);
  if (channel == kChannel) {
    fcntl(channel, F_SETFD, 0);
  } else {
    dup2(channel, kChannel);
  }
  if (answerer_) {
    dup2(nothing, STDERR_FILENO);
    AnswerForever();
  }
  std::vector<char*> words;
  for (std::string& word : command_) words.push_back(word.data());
  words.push_back(nullptr);
  execvp(words[0], words.data());
  _exit(127);
}

void ChildProcess::AnswerForever() {
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(nullptr);
  channel_ = kChannel;
  constexpr int64_t kNever = INT64_MAX;
  for (;;) {
    std::array<uint8_t, 4> length;
    if (!Receive(length, kNever)) _exit(0);
    std::vector<uint8_t> question(LengthFrom(length));
    if (!Receive(question, kNever)) _exit(0);
    const std::vector<uint8_t> answer = answerer_(question);
    if (!Send(LengthOf(answer.size()), kNever) || !Send(answer, kNever)) _exit(0);
  }
}

bool ChildProcess::Fail(std::string what) {
  failure_ = std::move(what);
  return false;
}

void ChildProcess::Stop() {
  if (child_ <= 0) return;
  close(channel_);
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
  child_ = -1;
}

bool ChildProcess::WaitFor(short events, int64_t deadline_ms) {
  for (;;) {
    const int64_t left = deadline_ms == INT64_MAX ? -1 : deadline_ms - NowMs();
    if (deadline_ms != INT64_MAX && left <= 0) return Fail("no answer in time");
    pollfd watched = {channel_, events, 0};
    const int ready = poll(&watched, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return Fail("poll");
  }
}

bool ChildProcess::Send(std::span<const uint8_t> bytes, int64_t deadline_ms) {
  while (!bytes.empty()) {
    if (!WaitFor(POLLOUT, deadline_ms)) return false;
    const ssize_t sent = send(channel_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return Fail("it is gone");
    bytes = bytes.subspan(static_cast<size_t>(sent));
  }
  return true;
}

bool ChildProcess::Receive(std::span<uint8_t> bytes, int64_t deadline_ms) {
  while (!bytes.empty()) {
    if (!WaitFor(POLLIN, deadline_ms)) return false;
    const ssize_t received = recv(channel_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (received < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (received <= 0) return Fail("it is gone");
    bytes = bytes.subspan(static_cast<size_t>(received));
  }
  return true;
}

std::optional<std::vector<uint8_t>> ChildProcess::Ask(std::span<const uint8_t> question, int timeout_ms) {
  std::array<uint8_t, 4> length;
  std::vector<uint8_t> answer;
  const int64_t deadline = NowMs() + timeout_ms;
  bool is_good = Start() && Send(LengthOf(question.size()), deadline) && Send(question, deadline) &&
                 Receive(length, deadline);
  if (is_good && LengthFrom(length) > kMostBytes) is_good = Fail("an answer without end");
  if (is_good) {
    answer.resize(LengthFrom(length));
    is_good = Receive(answer, deadline);
  }
  if (is_good) return answer;
  ++failures_;
  int status = 0;
  if (child_ > 0 && waitpid(child_, &status, WNOHANG) == child_) {
    failure_ = EndOf(status);
    close(channel_);
    child_ = -1;
  } else {
    Stop();
  }
  return std::nullopt;
}

}  // namespace sandbox::fuzz
