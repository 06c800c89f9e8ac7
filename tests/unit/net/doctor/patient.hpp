// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/doctor/doctor.hpp"
#include "support/network_of.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace kvmkit::net {

using testing::NetworkOf;
using Texts = std::vector<std::string>;

constexpr unsigned pinned = 3;  // NET_ADDR_SET

/// A network and what else the doctor is told; nothing is wrong with it but what a test puts there.
class DoctorTest : public ::testing::Test {
protected:
    /// A bridge as net-setup makes them.
    Link& bridge(const std::string& name)
    {
        Link& link = host_.add(name, "bridge");
        LinkFacts& own = facts(name);
        own.address_assign_type = pinned;
        return link;
    }

    LinkFacts& facts(const std::string& name)
    {
        const int index = host_.at(name).index;
        const auto found = std::ranges::find(told_.links, index, &LinkFacts::index);
        return found != told_.links.end() ? *found : told_.links.emplace_back(LinkFacts{.index = index});
    }

    std::vector<Finding> all()
    {
        told_.network = host_.network();
        return examine(told_);
    }

    /// The one finding with that id, or none.
    std::optional<Finding> found(std::string_view id)
    {
        const auto findings = all();
        EXPECT_LE(std::ranges::count(findings, id, &Finding::id), 1) << id;
        const auto one = std::ranges::find(findings, id, &Finding::id);
        return one == findings.end() ? std::nullopt : std::optional{*one};
    }

    /// The same, and it lasts by these.
    void expect(std::string_view id, Gravity gravity, const Texts& commands, const Texts& keep)
    {
        expect(id, gravity, commands);
        EXPECT_EQ(found(id).value_or(Finding{}).keep, keep);
    }

    /// There, this grave and mended by these commands.
    void expect(std::string_view id, Gravity gravity, const Texts& commands)
    {
        const auto finding = found(id);
        ASSERT_TRUE(finding) << id;
        EXPECT_EQ(word_of(finding->gravity), word_of(gravity));
        EXPECT_EQ(finding->commands, commands);
        EXPECT_FALSE(finding->links.empty() || finding->message.empty() || finding->why.empty());
    }

    NetworkOf host_;
    DoctorFacts told_;
};

inline void set(LinkOptions& options, std::uint16_t type, std::uint64_t number, unsigned width)
{
    std::erase_if(options, [type](const LinkOption& option) { return option.type == type; });
    options.push_back(number_option(type, number, width));
}

}  // namespace kvmkit::net
