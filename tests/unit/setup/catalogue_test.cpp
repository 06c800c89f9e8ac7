// SPDX-License-Identifier: Apache-2.0
#include "setup/catalogue.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

Distribution release(Family family, unsigned number)
{
    return {.id = {}, .version = {}, .name = "here", .suite = {}, .family = family, .release = number};
}

std::set<std::string> names(const Distribution& distribution, std::string_view architecture = "amd64")
{
    std::set<std::string> found;
    const auto needs = needs_of(distribution, architecture);
    EXPECT_TRUE(needs) << needs.error().message;
    for (const auto& need : *needs) {
        EXPECT_TRUE(found.insert(need.package).second) << need.package << " stands twice";
    }
    return found;
}

TEST(Catalogue, EveryReleaseHasAllCapabilities)
{
    const std::set<std::string> wanted{
        "qemu", "qemu-img", "libvirt", "libvirt-clients", "default-network", "bridge", "vlan"};
    for (const auto& [family, number] : {std::pair{Family::debian, 1100U},
                                         {Family::debian, 1300U},
                                         {Family::ubuntu, 1804U},
                                         {Family::ubuntu, 2510U}}) {
        const auto needs = needs_of(release(family, number), "amd64");
        ASSERT_TRUE(needs);
        std::set<std::string> got;
        std::ranges::transform(*needs, std::inserter(got, got.end()), &Need::capability);
        EXPECT_EQ(got, wanted) << number;
    }
}

TEST(Catalogue, NamesNoVirtualPackage)
{
    for (const unsigned number : {1100U, 1200U, 1300U}) {
        EXPECT_FALSE(names(release(Family::debian, number)).contains("qemu-kvm"));
        EXPECT_FALSE(names(release(Family::debian, number)).contains("libvirt-bin"));
    }
}

TEST(Catalogue, LeavesOutWhatAReleaseDoesNotHave)
{
    EXPECT_FALSE(names(release(Family::ubuntu, 2004)).contains("libvirt-daemon-config-network"));
    EXPECT_TRUE(names(release(Family::ubuntu, 2204)).contains("libvirt-daemon-config-network"));
    EXPECT_TRUE(names(release(Family::debian, 1100)).contains("libvirt-daemon-config-network"));
}

TEST(Catalogue, PicksTheEmulatorOfTheArchitecture)
{
    EXPECT_TRUE(names(release(Family::debian, 1200), "amd64").contains("qemu-system-x86"));
    EXPECT_TRUE(names(release(Family::debian, 1200), "arm64").contains("qemu-system-arm"));
    const auto refused = needs_of(release(Family::debian, 1200), "m68k");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_NE(refused.error().message.find("'m68k'"), std::string::npos);
}

}  // namespace
}  // namespace kvmkit::setup
