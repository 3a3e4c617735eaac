// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Runs a fuzz target on the empty input and on each file named, folders with all that is in them.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void RunFile(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::vector<char> text((std::istreambuf_iterator<char>(stream)), {});
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  // Named first: after a crash it is the last line.
  std::fprintf(stderr, "Running: %s\n", path.c_str());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  size_t runs = 1;
  LLVMFuzzerTestOneInput(nullptr, 0);
  for (int i = 1; i < argc; ++i) {
    const std::filesystem::path path = argv[i];
    if (!std::filesystem::is_directory(path)) {
      RunFile(path);
      ++runs;
      continue;
    }
    const auto options = std::filesystem::directory_options::follow_directory_symlink;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path, options)) {
      if (!entry.is_regular_file()) continue;
      RunFile(entry.path());
      ++runs;
    }
  }
  std::printf("replayed %zu inputs\n", runs);
}
