// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Holds together what documents repeat of the sources: the example in README.md, the version, the table of limits.
// Reads files by their paths from the root of the workspace.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/sandbox.h"

namespace sandbox {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Without the two lines of the licence and the empty line behind them.
std::string_view WithoutHeader(std::string_view source) {
  while (source.starts_with("// Copyright") || source.starts_with("// SPDX") || source.starts_with("\n")) {
    source.remove_prefix(source.find('\n') + 1);
  }
  return source;
}

// The code block behind the line `<!-- path -->` of a Markdown text; "" when there is none.
std::string_view CodeBlock(std::string_view text, std::string_view path) {
  const size_t marker = text.find("<!-- " + std::string(path) + " -->\n```cpp\n");
  if (marker == text.npos) return "";
  text.remove_prefix(text.find("```cpp\n", marker) + 7);
  return text.substr(0, text.find("```"));
}

// 1000000 as 1,000,000.
std::string Grouped(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string BoundText(uint64_t value) { return value == ~uint64_t{0} ? "none" : Grouped(value); }

std::vector<std::string> LimitRows() {
  std::vector<std::string> rows;
#define SANDBOX_LIMIT(name, def, hard, what) \
  rows.push_back("| `" #name "` | " + BoundText(def) + " | " + BoundText(hard) + " | " what " |");
#include "sandbox/syntax/limits.def"
#undef SANDBOX_LIMIT
  return rows;
}

// The rows of all tables whose first cell is in backquotes.
std::vector<std::string> TableRows(const std::string& text) {
  std::vector<std::string> rows;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (line.starts_with("| `")) rows.push_back(line);
    begin = end + 1;
  }
  return rows;
}

TEST(Readme, ShowsTheExampleThatIsCompiled) {
  const std::string readme = ReadFile("README.md");
  const std::string example = ReadFile("examples/readme_example.cc");
  EXPECT_EQ(CodeBlock(readme, "examples/readme_example.cc"), WithoutHeader(example));
}

TEST(Readme, NamesTheVersion) { EXPECT_NE(ReadFile("README.md").find(SANDBOX_VERSION), std::string::npos); }

TEST(Changelog, HasAHeadingForTheVersion) {
  EXPECT_NE(ReadFile("CHANGELOG.md").find("\n## " SANDBOX_VERSION), std::string::npos);
}

TEST(LimitsDocument, HasOneRowForEachLimitInOrder) {
  std::string expected_text;
  const std::vector<std::string> expected = LimitRows();
  for (const std::string& row : expected) expected_text += row + "\n";
  EXPECT_EQ(TableRows(ReadFile("docs/limits.md")), expected) << "the rows should be:\n" << expected_text;
}

}  // namespace
}  // namespace sandbox
