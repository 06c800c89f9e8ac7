// SPDX-License-Identifier: Apache-2.0
#include "facts/redact.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

HostFacts of_alice()
{
    HostFacts host;
    host.user = std::optional{UserFacts{"alice", 1000, {1000}}};
    return host;
}

Redactor redactor()
{
    return {"vault7.example.org", of_alice()};
}

TEST(Redactor, TakesOutWhatNamesAMachineOrAPerson)
{
    const auto text = [](std::string_view line) { return redactor().text(line); };
    EXPECT_EQ(text("id 4c4c4544-0042-3510-8053-b4c04f4d5931."), "id UUID.");
    EXPECT_EQ(text("eth0: 52:54:00:4a:1c:07 up"), "eth0: MAC up");
    EXPECT_EQ(text("from 192.0.2.17:22, ::ffff:192.0.2.17"), "from ADDRESS:22, ::ffff:ADDRESS");
    EXPECT_EQ(text("luks-4c4c4544-0042-3510-8053-b4c04f4d5931 enx5254004a1c07"), "luks-UUID enxMAC");
    EXPECT_EQ(text("vault7.local:/export alice:x /home/alice"), "HOST:/export user:x /home/user");
    EXPECT_EQ(text("from 192.0.2.17, to 2001:db8::1"), "from ADDRESS, to ADDRESS");
    EXPECT_EQ(text("vault7 vault7.example.org vault70"), "HOST HOST vault70");
    EXPECT_EQ(text("user alice, not malice"), "user user, not malice");
    EXPECT_EQ(text("Serial Number: CZ1234 SerialNumber=X5"), "Serial Number: SERIAL SerialNumber=SERIAL");
}

TEST(Redactor, TakesOutOtherPeopleOfTheHost)
{
    const auto people = people_of(
        "root:x:0:0::/root:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n"
        "ubuntu:x:1000:1000::/home/ubuntu:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"
        "lib:x:999:999::/:/bin/false\nbroken\n");
    EXPECT_EQ(people, (std::vector<std::string>{"bob", "ubuntu"}));
    const Redactor redactor{"", HostFacts{}, people};
    EXPECT_EQ(redactor.text("process '/srv/bob/qemu' of bob, not bobby"),
              "process '/srv/other/qemu' of other, not bobby");
    EXPECT_EQ(redactor.text("/home/carol/qemu of no account here"), "/home/user/qemu of no account here");
    EXPECT_EQ(redactor.text("Linux version 6.8.0 (ubuntu) in /home/ubuntu"),
              "Linux version 6.8.0 (ubuntu) in /home/ubuntu");
}

TEST(Redactor, LeavesTheRest)
{
    for (const std::string line : {"kvm_intel: VMX not supported by CPU 3",
                                   "pci 0000:00:1f.2: [8086:a102]",
                                   "kvm [1]: VHE mode initialized successfully",
                                   "x86/cpu: VMX (outside TXT) disabled by BIOS",
                                   "12:30:05 1.2.3"}) {
        EXPECT_EQ(redactor().text(line), line);
    }
}

TEST(Redactor, KnowsTheFiles)
{
    const auto file = [](std::string_view path, std::string_view text) { return redactor().file(path, text); };
    EXPECT_EQ(file("sys/class/dmi/id/product_serial", "CZ1234\n"), "");
    EXPECT_EQ(file("sys/class/dmi/id/chassis_asset_tag", "Room 5\n"), "");
    EXPECT_EQ(file("sys/class/dmi/id/chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77\n"),
              "7783-7084-3265-9085-8269-3286-77\n");
    EXPECT_EQ(
        file("proc/cmdline", "BOOT_IMAGE=/x root=UUID=1-2 ro kvm_intel.nested=1 ip=192.0.2.1 quiet -- --addr x\n"),
        "BOOT_IMAGE=REDACTED root=REDACTED ro kvm_intel.nested=1 ip=REDACTED quiet\n");
    EXPECT_EQ(file("proc/cpuinfo", "model\t: 4\nSerial\t\t: 10000000abc\n"), "model\t: 4\n");
    EXPECT_EQ(file("proc/cpuinfo", "processor 0: version = FF, identification = 123456, machine = 2964\n"),
              "processor 0: version = FF, identification = REDACTED, machine = 2964\n");
    EXPECT_EQ(file("proc/modules", "kvm 1 0 - Live 0xffffffffc0a\n"), "kvm 1 0 - Live\n");
    EXPECT_EQ(file("proc/sys/kernel/osrelease", "5.15.153.1-microsoft\n"), "5.15.153.1-microsoft\n");
    EXPECT_EQ(file("etc/group", "kvm:x:106:alice,bob\nalice:x:1000:\n"), "kvm:x:106:user,other\nuser:x:1000:\n");
    EXPECT_EQ(file("etc/passwd", "alice:x:1000:1000:Alice,Room 5:/home/alice:/bin/sh\n"), "user:x:1000:1000:::\n");
}

TEST(Redactor, KeepsNamesWithoutWhichARecordingSaysLess)
{
    HostFacts host;
    host.user = std::optional{UserFacts{"kvm", 64055, {106}}};
    const Redactor common{"qemu", host};
    EXPECT_EQ(common.text("kvm: qemu"), "kvm: qemu");
    EXPECT_EQ(common.file("etc/group", "kvm:x:106:kvm\n"), "kvm:x:106:kvm\n");
}

}  // namespace
}  // namespace kvmkit
