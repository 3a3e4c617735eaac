// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/regions.h

#include "sandbox/fast/regions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <tuple>
#include <vector>

#include "tests/lib/failing_allocator.h"

namespace sandbox::fast {
namespace {

auto Fields(const Region& r) { return std::tuple(r.code, r.offset, r.side_table, r.height, r.is_enterable); }

struct Written {
  explicit Written(const std::vector<Region>& regions) {
    RegionWriter writer;
    for (const Region& region : regions) EXPECT_TRUE(writer.Add(function, region).has_value());
  }
  Budget budget{uint64_t{1} << 30};
  FunctionCode function{budget};
};

// Steps of all sizes that a number of one to five bytes can hold, no step included.
std::vector<Region> Random(size_t count, uint32_t seed, bool is_dense) {
  std::mt19937 random(seed);
  std::vector<Region> regions;
  Region at;
  for (size_t i = 0; i < count; ++i) {
    const auto step = [&] {
      return is_dense ? random() % 3 : random() % 64 == 0 ? random() % (1u << 21) : random() % 200;
    };
    at.code += step();
    at.offset += step();
    at.side_table += step();
    at.height = random() % 8 == 0 ? random() % 70'000 : random() % 60;
    at.is_enterable = random() % 2 == 0;
    regions.push_back(at);
  }
  return regions;
}

std::vector<Region> RestOf(RegionReader reader) {
  std::vector<Region> rest;
  do {
    rest.push_back(reader.region());
  } while (reader.Next());
  return rest;
}

// The reader stands before the place that was asked for (or at the first region), not far from it, and what follows is all
// that was written.
void ExpectTail(const std::vector<Region>& all, const std::vector<Region>& rest, uint32_t Region::* key, uint32_t asked) {
  ASSERT_LE(rest.size(), all.size());
  const size_t begin = all.size() - rest.size();
  for (size_t i = 0; i < rest.size(); ++i) ASSERT_EQ(Fields(rest[i]), Fields(all[begin + i])) << i;
  if (begin != 0) ASSERT_LT(all[begin].*key, asked);
  // The first region at or behind the place is found within a checkpoint's distance.
  size_t first = begin;
  while (first < all.size() && all[first].*key < asked) ++first;
  ASSERT_LE(first - begin, 32u) << asked;
}

void ExpectFirstAt(const std::vector<Region>& all, const Region& found, uint32_t code) {
  const auto first = std::ranges::find_if(all, [&](const Region& at) { return at.code >= code; });
  ASSERT_EQ(Fields(found), Fields(first == all.end() ? all.back() : *first)) << code;
}

TEST(RegionsTest, EachIsFoundByCodeAndByOffset) {
  for (const size_t count : {1u, 2u, 31u, 32u, 33u, 64u, 65u, 500u}) {
    for (const bool is_dense : {false, true}) {
      const std::vector<Region> all = Random(count, static_cast<uint32_t>(count), is_dense);
      const Written written(all);
      for (const Region& region : all) {
        for (const int around : {-1, 0, 1}) {
          const uint32_t code = region.code + static_cast<uint32_t>(around);
          const uint32_t offset = region.offset + static_cast<uint32_t>(around);
          if (region.code != 0 || around >= 0) {
            ExpectTail(all, RestOf(RegionReader::BeforeCode(written.function, code)), &Region::code, code);
            ExpectFirstAt(all, RegionReader::AtCode(written.function, code).region(), code);
          }
          if (region.offset != 0 || around >= 0) {
            ExpectTail(all, RestOf(RegionReader::BeforeOffset(written.function, offset)), &Region::offset, offset);
          }
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(RegionsTest, BeforeAllAndBehindAll) {
  std::vector<Region> all = Random(100, 7, false);
  for (Region& region : all) {
    region.code += 5;
    region.offset += 5;
  }
  const Written written(all);
  EXPECT_EQ(RestOf(RegionReader::BeforeCode(written.function, 0)).size(), all.size());
  EXPECT_EQ(RestOf(RegionReader::BeforeOffset(written.function, 0)).size(), all.size());
  EXPECT_LE(RestOf(RegionReader::BeforeCode(written.function, ~uint32_t{0})).size(), 32u);
  EXPECT_LE(RestOf(RegionReader::BeforeOffset(written.function, ~uint32_t{0})).size(), 32u);
}

TEST(RegionsTest, GreatestNumbers) {
  const std::vector<Region> all = {{0, 0, 0, 0, false}, {~uint32_t{0}, ~uint32_t{0}, ~uint32_t{0}, 65'535, true}};
  const Written written(all);
  ExpectTail(all, RestOf(RegionReader::BeforeCode(written.function, 1)), &Region::code, 1);
}

// Many regions at one place, across checkpoints: none is passed over.
TEST(RegionsTest, ManyAtOnePlace) {
  std::vector<Region> all = {{1, 10, 0, 0, true}};
  for (uint32_t i = 0; i < 100; ++i) all.push_back({2, 20 + i, 0, i, false});
  all.push_back({9, 900, 0, 0, true});
  const Written written(all);
  const std::vector<Region> rest = RestOf(RegionReader::BeforeCode(written.function, 2));
  ASSERT_EQ(rest.size(), all.size());
  for (uint32_t i = 0; i < 100; ++i) {
    ExpectTail(all, RestOf(RegionReader::BeforeOffset(written.function, 20 + i)), &Region::offset, 20 + i);
  }
}

TEST(RegionsTest, RefusedMemoryIsReported) {
  const std::vector<Region> all = Random(300, 3, false);
  const uint64_t refused = testing::ForEachRefusal([&](testing::FailingAllocator& allocator) {
    Budget budget(uint64_t{1} << 30, &allocator);
    FunctionCode function(budget);
    RegionWriter writer;
    bool is_ok = true;
    for (size_t i = 0; i < all.size() && is_ok; ++i) is_ok = writer.Add(function, all[i]).has_value();
    EXPECT_EQ(is_ok, !allocator.has_failed());
  });
  EXPECT_GT(refused, 2u);
}

}  // namespace
}  // namespace sandbox::fast
