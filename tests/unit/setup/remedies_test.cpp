// SPDX-License-Identifier: Apache-2.0
#include "setup/remedies.hpp"

#include "setup/removals.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

CheckedHost checked(std::vector<Remedied> remedies)
{
    return {.host = {.machine = "12ab", .boot = "b-1"}, .remedies = std::move(remedies)};
}

TEST(RemediesTest, MakeComponentsOfWhatIsHostSetups)
{
    const auto remedying = components_for(checked({{"kvm.module", "load it", {"modprobe kvm_intel"}, "this-host"},
                                                   {"qemu.binary", "install it", {}, "this-host"},
                                                   {"fw.lock_msr", "switch it on", {}, "firmware"},
                                                   {"mem.ksm", "stop it", {"a", "b"}, "this-host"}}),
                                          true);
    EXPECT_EQ(remedying.components, (Components{Component::modules, Component::hypervisor}));
    EXPECT_EQ(remedying.notes,
              (std::vector<std::string>{"kvm.module: component modules",
                                        "qemu.binary: component hypervisor",
                                        "fw.lock_msr is not host-setup's to mend, and not on this host: switch it on",
                                        "mem.ksm is not host-setup's to mend: stop it: a && b"}));
}

TEST(RemediesTest, GivePowerOnlyWhereItWasAskedFor)
{
    const Remedied group{"libvirt.group", "join it", {"gpasswd -a ann libvirt"}, "this-host"};
    Remedied named = group;
    named.asked_for = true;
    EXPECT_TRUE(components_for(checked({group}), true).components.empty());
    EXPECT_EQ(components_for(checked({named}), true).components, Components{Component::groups});
    EXPECT_TRUE(components_for(checked({named}), false).components.empty()) << "nobody is known to be put there";
    EXPECT_TRUE(components_for(checked({{"nested.param", "switch it on", {}, "this-host"}}), true).components.empty());
}

TEST(RemediesTest, AreReadFromARecordOfKvmCheck)
{
    const auto host = read_checked_host(R"({"schema":"kvmkit.kvm-check.run/1",
        "host":{"kernel":"6.1","machine":null,"boot":"b-1"},
        "selection":{"only":[],"require":["nested.param"]},
        "checks":[{"id":"kvm.api","status":"pass","remedy":null},
                  {"id":"nested.param","status":"warn",
                   "remedy":{"summary":"s\u001b[2J","commands":["c\r"],"where":"this-host"}},
                  {"id":"mem.ksm","status":"skip","remedy":{"summary":"s","commands":[],"where":"this-host"}}]})");
    ASSERT_TRUE(host) << host.error().message;
    EXPECT_EQ(host->host.boot, "b-1");
    EXPECT_EQ(host->host.machine, "");
    ASSERT_EQ(host->remedies.size(), 1U);
    EXPECT_TRUE(host->remedies.front().asked_for);
    EXPECT_EQ(host->remedies.front().summary, "s") << "a record orders no terminal about";
    EXPECT_EQ(host->remedies.front().commands, std::vector<std::string>{"c?"});
    for (const auto* text : {"", "[]", R"({"schema":"kvmkit.kvm-check.nested/1"})"}) {
        EXPECT_EQ(read_checked_host(text).error().code, ErrorCode::usage);
    }
}

TEST(RemediesTest, AreOfOneHostAndOneBoot)
{
    const MachineMark here{.machine = "12ab", .boot = "b-1"};
    EXPECT_TRUE(check_same_boot({.machine = "12ab", .boot = "b-1"}, here));
    const auto recorded = check_same_boot({.machine = "12ab"}, here);
    ASSERT_FALSE(recorded);
    EXPECT_EQ(recorded.error().code, ErrorCode::refused);
    EXPECT_NE(check_same_boot({.machine = "34cd", .boot = "b-1"}, here)
                  .error()
                  .message.find("another host: machine 34cd, here 12ab"),
              std::string::npos);
    EXPECT_NE(check_same_boot({.machine = "12ab", .boot = "b-0"}, here)
                  .error()
                  .message.find("another boot, or host: boot b-0, here b-1"),
              std::string::npos);
}

TEST(RemovalsTest, AreAllowedByNameAndByAptAlone)
{
    const Price price{.remove = {"vim", "nano"}};
    EXPECT_TRUE(accept_removals({}, {}, Installer::apt));
    EXPECT_TRUE(accept_removals(price, {"vim", "nano", "joe"}, Installer::apt));
    const auto one = accept_removals(price, {"vim"}, Installer::apt);
    ASSERT_FALSE(one);
    EXPECT_EQ(one.error().code, ErrorCode::refused);
    EXPECT_EQ(one.error().message, "refused to install: apt would remove 'nano'");
    EXPECT_NE(one.error().hint.find("to let it go: --allow-remove vim --allow-remove nano"), std::string::npos);
    const auto dnf = accept_removals(price, {"vim", "nano"}, Installer::dnf);
    ASSERT_FALSE(dnf);
    EXPECT_EQ(dnf.error().hint.find("--allow-remove"), std::string::npos);
}

}  // namespace
}  // namespace kvmkit::setup
