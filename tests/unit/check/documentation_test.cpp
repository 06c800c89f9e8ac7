// SPDX-License-Identifier: Apache-2.0
#include "check/documentation.hpp"
#include "check/catalogue.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

TEST(Documentation, HasOneRowForEachCheckInTheSameOrder)
{
    std::vector<std::string_view> checks;
    for (const Check& check : catalogue()) {
        checks.push_back(check.id);
    }
    std::vector<std::string_view> documented;
    for (const CheckDocumentation& row : check_documentation()) {
        documented.push_back(row.id);
    }
    EXPECT_EQ(documented, checks);
}

TEST(Documentation, LeavesNothingOpen)
{
    for (const CheckDocumentation& row : check_documentation()) {
        for (const auto text : {row.asks, row.detected, row.failure, row.mends}) {
            EXPECT_FALSE(text.empty()) << row.id;
            EXPECT_TRUE(text.ends_with('.') || text.ends_with('?')) << row.id << ": " << text;
        }
        for (const auto symptom : row.symptoms) {
            EXPECT_TRUE(symptom.empty() || symptom.starts_with('S')) << row.id;
        }
    }
}

TEST(Documentation, IsFoundById)
{
    EXPECT_EQ(documentation_of("kvm.access")->id, "kvm.access");
    EXPECT_FALSE(documentation_of("kvm.acess"));
}

}  // namespace
}  // namespace kvmkit
