// SPDX-License-Identifier: Apache-2.0
#include "facts/host_facts.hpp"
#include "facts/version.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

TEST(Versions, AreReadAndCompared)
{
    EXPECT_EQ(parse_version("7.2.22"), (Version{7, 2, 22}));
    EXPECT_EQ(parse_version("7.2"), (Version{7, 2, 0}));
    EXPECT_EQ(parse_version("7.2.1.4"), (Version{7, 2, 1}));
    for (const auto* text : {"", "7", "7.", ".2", "7.x", "7.2.1.4.5", "-1.2", "99999999999.1", " 7.2"}) {
        EXPECT_FALSE(parse_version(text)) << text;
    }
    EXPECT_LT(*parse_version("5.2"), *parse_version("10.0.1"));
}

TEST(Versions, StandInThoseOfPackages)
{
    EXPECT_EQ(upstream_version("1:7.2+dfsg-7+deb12u18"), "7.2");
    EXPECT_EQ(upstream_version("9.1.0-r2"), "9.1.0");
    EXPECT_EQ(upstream_version("2:8.2.2.rc1"), "8.2.2");
    EXPECT_EQ(upstream_version("20240101"), "");
    EXPECT_EQ(upstream_version(""), "");
    EXPECT_EQ(version_of_number("7002022"), "7.2.22");
    EXPECT_EQ(version_of_number("12"), "");
    EXPECT_EQ(version_of_number("99999999999999999999"), "");
    EXPECT_EQ(version_of_number("-7002022"), "");
}

TEST(Packages, AreFoundInEachDatabase)
{
    constexpr std::string_view status =
        "Package: qemu-system-x86-extra\nStatus: install ok installed\nVersion: 1.0\n\n"
        "Package: qemu-system-x86\nStatus: install ok installed\nVersion: 1:7.2+d\n\n"
        "Package: qemu-old\nStatus: deinstall ok config-files\nVersion: 2.5\n";
    EXPECT_EQ(dpkg_version(status, "qemu-system-x86"), "7.2");
    EXPECT_EQ(dpkg_version(status, "qemu-old"), "");
    EXPECT_EQ(dpkg_version(status, "qemu"), "");
    EXPECT_EQ(dpkg_version("", "qemu"), "");
    EXPECT_EQ(apk_version("C:Q1\nP:qemu-system-x86_64\nV:9.1.0-r2\nA:x\n\nP:b\nV:1.2\n", "qemu-system-x86_64"),
              "9.1.0");
    EXPECT_EQ(pacman_version({"qemu-base-9.2.0-1", "qemu-system-x86-firmware-9.1.0-1", "qemu-system-x86-9.1.0-1"},
                             "qemu-system-x86"),
              "9.1.0");
    EXPECT_EQ(pacman_version({"qemu"}, "qemu-system-x86"), "");
}

TEST(Firmware, IsReadFromItsDescriptor)
{
    const auto flash = parse_firmware(R"({"interface-types": ["uefi"], "mapping": {"device": "flash",
        "executable": {"filename": "/usr/share/OVMF/CODE.fd"}}, "features": ["acpi-s3", "secure-boot"],
        "targets": [{"architecture": "i386"}, {"architecture": "x86_64", "machines": ["pc-q35-*"]}]})",
                                      "x86_64");
    ASSERT_TRUE(flash);
    EXPECT_EQ(flash->image, "/usr/share/OVMF/CODE.fd");
    EXPECT_TRUE(flash->uefi && flash->secure_boot);
    const auto bios = parse_firmware(R"({"interface-types": ["bios"], "mapping": {"device": "memory",
        "filename": "/usr/share/seabios/bios.bin"}, "targets": [{"architecture": "x86_64"}]})",
                                     "x86_64");
    ASSERT_TRUE(bios);
    EXPECT_FALSE(bios->uefi || bios->secure_boot);
    for (const auto* text : {"",
                             "[]",
                             "7",
                             "{",
                             R"({"targets": 7})",
                             R"({"targets": [7, null], "mapping": []})",
                             R"({"targets": [{"architecture": 5}]})",
                             R"({"targets": [{"architecture": "x86_64"}], "mapping": {"filename": 7}})",
                             R"({"targets": [{"architecture": "aarch64"}], "mapping": {"filename": "/a"}})"}) {
        EXPECT_FALSE(parse_firmware(text, "x86_64")) << text;
    }
}

TEST(QemuTarget, IsKnownForMachines)
{
    EXPECT_EQ(qemu_target("x86_64"), "x86_64");
    EXPECT_EQ(qemu_target("i686"), "i386");
    EXPECT_EQ(qemu_target("ppc64le"), "ppc64");
    EXPECT_EQ(qemu_target("armv7l"), "arm");
    EXPECT_EQ(qemu_target("vax"), "");
}

TEST(Ipv4, RangesAreReadAndHoldOthers)
{
    const auto range = *parse_ipv4_range("192.168.122.0/24");
    EXPECT_EQ(to_text(range), "192.168.122.0/24");
    EXPECT_TRUE(range.holds(*parse_ipv4_range("192.168.122.128/25")));
    EXPECT_FALSE(range.holds(*parse_ipv4_range("192.168.0.0/16")));
    EXPECT_TRUE(parse_ipv4_range("0.0.0.0/0")->holds(range));
    for (const auto* text : {"",
                             "192.168.122.0",
                             "192.168.122.1/24",
                             "1.2.3/8",
                             "1.2.3.4.5/8",
                             "1.2.3.256/32",
                             "1.2.3.4/33",
                             "1.2.3.0004/32",
                             "/24"}) {
        EXPECT_FALSE(parse_ipv4_range(text)) << text;
    }
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
TEST(Routes, AreReadAndClash)
{
    const auto routes = parse_routes(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n"
        "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\n"
        "virbr0\t007AA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\n"
        "down0\t007AA8C0\t00000000\t0000\t0\t0\t0\t00FFFFFF\t0\n"
        "eth1\t007BA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\n"
        "bad\tZZ\t0\t1\t0\t0\t0\t00\nshort\n");
    ASSERT_EQ(routes.size(), 3U);
    EXPECT_EQ(to_text(routes[1].range), "192.168.122.0/24");
    auto network = *parse_network(
        "<!--\n<ip address='1.1.1.1'>\n-->\n<network><bridge name='virbr0' stp='on'/>"
        "<ip address='192.168.122.1' netmask='255.255.255.0'>");
    find_clash(routes, network);
    EXPECT_FALSE(network.clash);
    network.bridge = "virbr1";
    find_clash(routes, network);
    ASSERT_TRUE(network.clash);
    EXPECT_EQ(network.clash->device, "virbr0");
    EXPECT_EQ(to_text(*network.spare), "192.168.124.0/24") << "the next one is taken";
}
#endif

TEST(Network, IsReadFromItsDefinition)
{
    const auto network =
        parse_network("<network><bridge stp=\"on\" name=\"br5\"/><ip address=\"10.0.0.1\" prefix=\"8\"/>");
    ASSERT_TRUE(network);
    EXPECT_EQ(network->bridge, "br5");
    EXPECT_EQ(to_text(network->range), "10.0.0.0/8");
    for (const auto* text : {"",
                             "<bridge name='x'/>",
                             "<bridge name='x'/><ip family='ipv6' address='fd00::1' prefix='64'/>",
                             "<bridge name='x'/><ip address='10.0.0.1' prefix='64'/>",
                             "<ip address='10.0.0.1' prefix='8'/>"}) {
        EXPECT_FALSE(parse_network(text)) << text;
    }
}

TEST(NotedEmulator, IsReadForItsArchitecture)
{
    constexpr std::string_view xml =
        "<qemuCaps>\n  <emulator>/usr/bin/q</emulator>\n  <flag name='kvm'/>\n"
        "  <version>7002022</version>\n  <arch>x86_64</arch>\n</qemuCaps>\n";
    const auto noted = parse_noted_emulator(xml, "x86_64");
    ASSERT_TRUE(noted);
    EXPECT_EQ(noted->emulator, "/usr/bin/q");
    EXPECT_EQ(noted->version, "7.2.22");
    EXPECT_TRUE(noted->kvm);
    EXPECT_FALSE(parse_noted_emulator(xml, "i386"));
    EXPECT_FALSE(parse_noted_emulator("<emulator>/usr/bin/q", "x86_64"));
    EXPECT_FALSE(parse_noted_emulator("", ""));
}

TEST(FileSystem, IsThatOfTheNearestMount)
{
    constexpr std::string_view mounts =
        "/dev/vda / ext4 rw 0 0\nserver:/a /var/lib/libvirt nfs4 rw 0 0\nx\n"
        "y /var/lib/libvirt/images2 xfs rw 0 0\n";
    EXPECT_EQ(filesystem_of(mounts, "/var/lib/libvirt/images"), "nfs4");
    EXPECT_EQ(filesystem_of(mounts, "/home"), "ext4");
    EXPECT_EQ(filesystem_of("", "/home"), "");
    EXPECT_EQ(boolean_for("nfs4"), "virt_use_nfs");
    EXPECT_EQ(boolean_for("fuse.glusterfs"), "virt_use_fusefs");
    EXPECT_EQ(boolean_for("ext4"), "");
}

}  // namespace
}  // namespace kvmkit
