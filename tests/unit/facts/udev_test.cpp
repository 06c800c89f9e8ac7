// SPDX-License-Identifier: Apache-2.0
#include "facts/udev.hpp"
#include "probe/udev.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

/// As systemd ships it, in Debian's spelling.
constexpr const char* shipped =
    "ACTION==\"remove\", GOTO=\"end\"\n"
    "SUBSYSTEM==\"tty\", GROUP=\"tty\", MODE=\"0620\"\n"
    "KERNEL==\"kvm\", GROUP=\"kvm\", MODE=\"0660\", OPTIONS+=\"static_node=kvm\"\n"
    "KERNEL==\"vhost-net\", GROUP=\"kvm\", MODE=\"0600\"\n";

UdevNode node_by(std::string_view rules)
{
    UdevNode node;
    apply_udev_rules(rules, "kvm", node);
    return node;
}

TEST(UdevRules, GiveTheNodeItsModeAndGroup)
{
    const auto node = node_by(shipped);
    EXPECT_EQ(node.mode, 0660U);
    EXPECT_EQ(node.group, "kvm");
    EXPECT_FALSE(node.open_to_seat);
    EXPECT_TRUE(node.ruled());
}

TEST(UdevRules, TheLastThatMatchesCounts)
{
    const auto node = node_by(std::string{shipped} +
                              "SUBSYSTEM==\"misc\", KERNEL==\"kvm|sev\", MODE:=\"0666\", "
                              "TAG+=\"uaccess\"\n");
    EXPECT_EQ(node.mode, 0666U);
    EXPECT_EQ(node.group, "kvm");
    EXPECT_TRUE(node.open_to_seat);
}

TEST(UdevRules, ThatAskForMoreOrAreNoneAreLeftOut)
{
    for (const auto* rule : {"# KERNEL==\"kvm\", MODE=\"0666\"",
                             "KERNEL!=\"kvm\", MODE=\"0666\"",
                             "MODE=\"0666\"",
                             "KERNEL==\"kvm\", ATTR{x}==\"y\", MODE=\"0666\"",
                             "KERNEL==\"kvm\", MODE=\"rw\"",
                             "KERNEL==\"kvm\", MODE=\"0666",
                             "\"\"\"",
                             ""}) {
        EXPECT_FALSE(node_by(rule).ruled()) << rule;
    }
}

TEST(Seat, NamesWhoSitsThere)
{
    EXPECT_EQ(seat_user("# private\nIS_SEAT0=1\nACTIVE=2\nACTIVE_UID=1000\n"), 1000U);
    EXPECT_FALSE(seat_user("IS_SEAT0=1\n"));
}

TEST(UdevFiles, SayNothingWhereNoUdevRuns)
{
    const testing::TemporaryFolder folder;
    folder.write("usr/lib/udev/rules.d/50-udev-default.rules", shipped);
    EXPECT_FALSE(*read_udev(Root::open(folder.path()).value()));
}

TEST(UdevFiles, OfTheSameNameTheOneInEtcCounts)
{
    const testing::TemporaryFolder folder;
    folder.write("run/udev/control", "");
    folder.write("run/systemd/seats/seat0", "ACTIVE_UID=1000\n");
    folder.write("usr/lib/udev/rules.d/50-udev-default.rules", shipped);
    const auto root = Root::open(folder.path()).value();
    EXPECT_EQ((*read_udev(root))->mode, 0660U);
    EXPECT_EQ((*read_udev(root))->seat_user, 1000U);
    folder.write("etc/udev/rules.d/99-kvm.rules", "KERNEL==\"kvm\", MODE=\"0666\"\n");
    EXPECT_EQ((*read_udev(root))->mode, 0666U);
    folder.write("etc/udev/rules.d/50-udev-default.rules", "");
    EXPECT_EQ((*read_udev(root))->group, "");
}

}  // namespace
}  // namespace kvmkit
