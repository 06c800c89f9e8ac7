// SPDX-License-Identifier: Apache-2.0
#include "facts/libvirt_answers.hpp"

#include "probe/libvirt_helper.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

LibvirtAnswers full()
{
    return {.uri = "qemu:///system",
            .client = "9.0.0",
            .daemon = "9.0.0",
            .hypervisor = "QEMU 7.2.22",
            .types = {{"kvm", true, "", {"host-passthrough", "custom"}, {"efi"}}, {"qemu", false, "no", {}, {}}},
            .domains = {{"6695eb01-f6a4-8304-79aa-97f2502e193f", "web", 3, "running", 4711},
                        {"00000000-0000-0000-0000-000000000001", "off", std::nullopt, "shut off", std::nullopt}}};
}

TEST(LibvirtAnswers, AreReadAsTheyWerePrinted)
{
    const auto text = print_libvirt_answers(full());
    const auto read = parse_libvirt_answers(text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(print_libvirt_answers(*read), text);
    EXPECT_TRUE(read->connected());
    EXPECT_TRUE(read->type("kvm")->usable);
    EXPECT_EQ(read->type("xen"), nullptr);
    EXPECT_EQ(read->domain("6695eb01-f6a4-8304-79aa-97f2502e193f")->name, "web");
    EXPECT_EQ(read->domain(""), nullptr);
}

TEST(LibvirtAnswers, ThatAreRubbishAreAnError)
{
    for (const auto* text : {"",
                             "{",
                             "[]",
                             "7",
                             "error: failed",
                             R"({"schema": 7})",
                             R"({"schema": "kvmkit.libvirt-facts/2"})",
                             R"({"schema": "kvmkit.libvirt-facts/1"})",
                             R"({"schema": "kvmkit.libvirt-facts/1", "uri": [], "problem": null})"}) {
        const auto read = parse_libvirt_answers(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, ErrorCode::external);
    }
}

TEST(LibvirtAnswers, NameVmsByUuidAndByProcess)
{
    RunningVms running;
    running.vms.resize(3);
    running.vms[0].command.uuid = "6695eb01-f6a4-8304-79aa-97f2502e193f";
    running.vms[1].pid = 4711;
    running.vms[2].pid = 1;
    name_by_libvirt(full(), running);
    EXPECT_EQ(running.vms[0].libvirt->name, "web");
    EXPECT_EQ(running.vms[1].libvirt->name, "web");
    EXPECT_FALSE(running.vms[2].libvirt);
}

}  // namespace
}  // namespace kvmkit
