// SPDX-License-Identifier: Apache-2.0
#include "virt/host/denials.hpp"

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

constexpr std::chrono::sys_seconds begun{std::chrono::seconds{1764530000}};
constexpr auto uuid = "0b7f5b1c-6b0e-4d1c-9f4e-0d6f3f1f2a3b";

std::string line(const std::string& profile, const std::string& name, const std::string& verdict = "DENIED")
{
    return "5,811,90412345,-;audit: type=1400 audit(1764530000.123:45): apparmor=\"" + verdict +
           "\" operation=\"open\" class=\"file\" profile=\"libvirt-" + profile + "\" name=" + name +
           " pid=4711 comm=\"qemu-system-x86\" requested_mask=\"wr\" denied_mask=\"r\" fsuid=64055 ouid=0\n";
}

TEST(Denials, AreOfThisVmAndTheLastOne)
{
    const auto log = line(uuid, "\"/srv/first.img\"") + " SUBSYSTEM=x\n" + line(uuid, "\"/srv/web.img\"") +
                     line("11111111-6b0e-4d1c-9f4e-0d6f3f1f2a3b", "\"/srv/other.img\"") +
                     line(uuid, "\"/srv/fine.img\"", "ALLOWED") + line(uuid, "\"kvmkit\"");
    EXPECT_EQ(last_denial(log, uuid, begun), (Denial{"open", "/srv/web.img", "r"}));
    EXPECT_EQ(last_denial(line(uuid, "\"/srv/fine.img\"", "ALLOWED"), uuid, begun), std::nullopt);
    EXPECT_EQ(last_denial("", uuid, begun), std::nullopt);
    EXPECT_TRUE(last_denial(log, uuid, begun + std::chrono::seconds{1})) << "its clock lags";
    EXPECT_EQ(last_denial(log, uuid, begun + std::chrono::seconds{2}), std::nullopt) << "that was another start";
}

TEST(Denials, HavePathsThatAuditWritesInDigits)
{
    EXPECT_EQ(last_denial(line(uuid, "2F7372762F6D7920564D2E696D67"), uuid, begun)->path, "/srv/my VM.img");
    EXPECT_EQ(last_denial(line(uuid, "2F7372762F1B5B316D"), uuid, begun)->path, "/srv/?[1m")
        << "nothing for the terminal";
    EXPECT_EQ(last_denial(line(uuid, "2F73zz"), uuid, begun), std::nullopt) << "cut or not of audit";
}

TEST(Denials, AreLookedForInBothLogs)
{
    FileTree tree;
    add_file(tree, "dev/kmsg", line(uuid, "\"/srv/kernel.img\""));
    const Root kernel = Root::of(std::move(tree));
    EXPECT_EQ(find_denial(kernel, uuid, begun)->path, "/srv/kernel.img");
    FileTree other;
    add_file(other, "var/log/audit/audit.log", line(uuid, "\"/srv/audit.img\""));
    EXPECT_EQ(find_denial(Root::of(std::move(other)), uuid, begun)->path, "/srv/audit.img");
    EXPECT_EQ(find_denial(Root::of({}), uuid, begun), std::nullopt);
}

TEST(Denials, AreToldWithTheirRemedy)
{
    EXPECT_EQ(
        remedy_of({"open", "/srv/web.img", "r"}),
        "AppArmor denied QEMU 'open' of /srv/web.img (r): move it to /var/lib/libvirt/images, or allow it by a line "
        "'\"/srv/web.img\" r,' in /etc/apparmor.d/local/abstractions/libvirt-qemu");
    const auto other = remedy_of({"mknod", "/srv/my VM.sock", "wrc"});
    EXPECT_NE(other.find("of /srv/my VM.sock (wrc): "), std::string::npos) << other;
    EXPECT_NE(other.find("'\"/srv/my VM.sock\" rw,'"), std::string::npos) << other;
}

}  // namespace
}  // namespace kvmkit::virt
