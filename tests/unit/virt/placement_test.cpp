// SPDX-License-Identifier: Apache-2.0
#include "virt/host/placement.hpp"
#include "support/temporary_folder.hpp"

#include <string>

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

using std::literals::string_literals::operator""s;

constexpr std::string_view uuid = "01234567-89ab-4cde-8f01-23456789abcd";

/// The line of a thread's stat file: the CPU it ran on is field 39.
std::string stat_on(unsigned cpu)
{
    std::string line = "4711 (CPU 1/KVM (odd) name) S";
    for (int field = 4; field < 39; ++field) {
        line += " 0";
    }
    return line + " " + std::to_string(cpu) + " 0 0\n";
}

class Placement : public ::testing::Test {
protected:
    void SetUp() override
    {
        folder_.write("proc/7/cmdline", "/usr/bin/qemu-system-x86_64\0-name\0x\0"s);
        folder_.write("proc/42/cmdline", "/usr/bin/qemu-system-x86_64\0-uuid\0"s + std::string{uuid} + "\0-S\0"s);
        folder_.write("proc/uptime", "1 1\n");
        const auto thread = [this](const std::string& tid, const std::string& name, unsigned cpu) {
            folder_.write("proc/42/task/" + tid + "/comm", name + "\n");
            folder_.write("proc/42/task/" + tid + "/stat", stat_on(cpu));
        };
        thread("42", "qemu-system-x86", 0);
        thread("51", "CPU 1/KVM", 3);
        thread("50", "CPU 0/KVM", 2);
        thread("52", "IO mon_iothread", 1);
    }

    testing::TemporaryFolder folder_;
};

TEST_F(Placement, FindsTheProcessByTheUuidOnItsCommandLine)
{
    const auto root = Root::open(folder_.path());
    ASSERT_TRUE(root);
    EXPECT_EQ(*find_qemu(*root, uuid), 42);
    EXPECT_EQ(*find_qemu(*root, "01234567-89ab-4cde-8f01-000000000000"), std::nullopt);
    EXPECT_EQ(*find_qemu(*root, ""), std::nullopt);
}

TEST_F(Placement, ListsVcpusInOrderWithTheirPhysicalCpu)
{
    const auto threads = vcpu_threads(*Root::open(folder_.path()), 42);
    ASSERT_TRUE(threads);
    ASSERT_EQ(threads->size(), 2U);
    EXPECT_EQ(threads->at(0).tid, 50);
    EXPECT_EQ(threads->at(0).cpu, 2U);
    EXPECT_EQ(threads->at(1).vcpu, 1U);
    EXPECT_EQ(threads->at(1).cpu, 3U);
    EXPECT_EQ(threads->at(1).accelerator, "kvm");
}

TEST_F(Placement, OfAProcessThatHasEndedIsEmpty)
{
    const auto threads = vcpu_threads(*Root::open(folder_.path()), 4242);
    ASSERT_TRUE(threads);
    EXPECT_TRUE(threads->empty());
}

}  // namespace
}  // namespace kvmkit::virt
