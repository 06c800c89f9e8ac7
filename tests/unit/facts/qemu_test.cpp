// SPDX-License-Identifier: Apache-2.0
#include "facts/qemu.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using Words = std::vector<std::string_view>;

QemuCommand command(Words options)
{
    options.insert(options.begin(), "/usr/bin/qemu-system-x86_64");
    return parse_qemu_command(options);
}

std::optional<unsigned> vcpus(std::string_view smp)
{
    return command({"-smp", smp}).vcpus;
}

TEST(IsQemu, KnowsTheProgramsByTheirNames)
{
    for (const std::string_view program : {"/usr/bin/qemu-system-x86_64",
                                           "qemu-system-aarch64",
                                           "/usr/libexec/qemu-kvm",
                                           "kvm",
                                           "/usr/bin/kvm",
                                           "qemu-system-x86",
                                           "/usr/bin/qemu-system-x86_64 (deleted)",
                                           "/usr/bin/kvm (deleted)",
                                           "/nix/store/x/bin/.qemu-system-x86_64-wrapped"}) {
        EXPECT_TRUE(is_qemu(program)) << program;
    }
    for (const std::string_view program : {"",
                                           "/",
                                           "kvm-nx-lpage-re",
                                           "kvm-check",
                                           "kvmtool",
                                           "qemu-img",
                                           "qemu-x86_64",
                                           "/usr/bin/qemu-system-x86_64/x",
                                           "virtqemud",
                                           "qemu-nbd"}) {
        EXPECT_FALSE(is_qemu(program)) << program;
    }
}

TEST(CommandWords, KeepsEmptyWords)
{
    using std::literals::string_view_literals::operator""sv;
    EXPECT_EQ(command_words("a\0-append\0\0-S\0"sv), (Words{"a", "-append", "", "-S"}));
    EXPECT_TRUE(command_words("").empty());
    EXPECT_TRUE(command_words("\0"sv).empty());
    EXPECT_EQ(command_words("no end"), Words{"no end"});
}

TEST(QemuCommand, ReadsWhatLibvirtWrites)
{
    const auto vm = command({"-name",
                             "guest=web,debug-threads=on",
                             "-S",
                             "-machine",
                             "pc-q35-7.2,usb=off,dump-guest-core=off",
                             "-accel",
                             "kvm",
                             "-cpu",
                             "host",
                             "-m",
                             "size=4194304k,slots=16,maxmem=8388608k",
                             "-overcommit",
                             "mem-lock=off",
                             "-smp",
                             "2,maxcpus=4,sockets=4,cores=1,threads=1",
                             "-uuid",
                             "01234567-89ab-4cde-8f01-23456789abcd",
                             "-no-user-config"});
    EXPECT_EQ(vm.name, "web");
    EXPECT_EQ(vm.uuid, "01234567-89ab-4cde-8f01-23456789abcd");
    EXPECT_EQ(vm.vcpus, 2U);
    EXPECT_EQ(vm.memory, Bytes::mib(4096));
    EXPECT_EQ(vm.accelerator, "kvm");
    EXPECT_TRUE(vm.debug_threads);
    EXPECT_TRUE(vm.has_machine);
}

TEST(QemuCommand, KnowsTheDefaults)
{
    const auto vm = command({});
    EXPECT_EQ(vm.name, "");
    EXPECT_EQ(vm.vcpus, 1U);
    EXPECT_EQ(vm.memory, Bytes::mib(128));
    EXPECT_EQ(vm.accelerator, "tcg");
    EXPECT_FALSE(vm.debug_threads);
    EXPECT_EQ(parse_qemu_command({"/usr/bin/kvm"}).accelerator, "");
    EXPECT_FALSE(parse_qemu_command({"qemu-system-ppc64"}).memory);
}

TEST(QemuCommand, TellsNothingThatAFileMaySay)
{
    const auto vm = command({"-readconfig", "vm.cfg", "-smp", "3"});
    EXPECT_EQ(vm.vcpus, 3U);
    EXPECT_FALSE(vm.memory);
    EXPECT_EQ(vm.accelerator, "");
}

TEST(QemuCommand, ReadsNamesInEveryForm)
{
    EXPECT_EQ(command({"-name", "plain"}).name, "plain");
    EXPECT_EQ(command({"--name", "two,process=x"}).name, "two");
    EXPECT_EQ(command({"-name", "a,,b,debug-threads=on"}).name, "a,b");
    EXPECT_EQ(command({"-name", "guest=x,,debug-threads=on"}).name, "x,debug-threads=on");
    EXPECT_FALSE(command({"-name", "x,debug-threads=off"}).debug_threads);
    EXPECT_EQ(command({"-name"}).name, "");
    EXPECT_EQ(command({"-name", ""}).name, "");
    EXPECT_EQ(command({"-append", "x", "name", "y"}).name, "");
}

TEST(QemuCommand, CountsVcpusLikeQemu)
{
    EXPECT_EQ(vcpus("4"), 4U);
    EXPECT_EQ(vcpus("cpus=4,maxcpus=8"), 4U);
    EXPECT_EQ(vcpus("maxcpus=8"), 8U);
    EXPECT_EQ(vcpus("sockets=2,cores=3,threads=2"), 12U);
    EXPECT_EQ(vcpus("2,sockets=1,dies=1,cores=2,threads=1"), 2U);
    for (const std::string_view bad :
         {"0", "-1", "x", "99999999999", "cores=0", "sockets=99999,cores=99999", "cpus="}) {
        EXPECT_NE(vcpus(bad), 0U) << bad;
        EXPECT_LE(vcpus(bad).value_or(0), 1U) << bad;
    }
}

TEST(QemuCommand, NamesAnAcceleratorOnlyIfThereIsNoChoice)
{
    EXPECT_EQ(command({"-enable-kvm"}).accelerator, "kvm");
    EXPECT_EQ(command({"-machine", "q35,accel=tcg"}).accelerator, "tcg");
    EXPECT_EQ(command({"-M", "accel=kvm:tcg"}).accelerator, "");
    EXPECT_EQ(command({"-accel", "kvm", "-accel", "tcg"}).accelerator, "");
    EXPECT_EQ(command({"-accel", "tcg,thread=single"}).accelerator, "tcg");
    EXPECT_FALSE(command({"-machine", "none,accel=kvm:tcg"}).has_machine);
    EXPECT_FALSE(command({"-M", "none"}).has_machine);
}

TEST(QemuMemory, ReadsEveryForm)
{
    EXPECT_EQ(parse_qemu_memory("4G"), Bytes::mib(4096));
    EXPECT_EQ(parse_qemu_memory("4g"), Bytes::mib(4096));
    EXPECT_EQ(parse_qemu_memory("4096"), Bytes::mib(4096));
    EXPECT_EQ(parse_qemu_memory("4194304k"), Bytes::mib(4096));
    EXPECT_EQ(parse_qemu_memory("1.5G"), Bytes::mib(1536));
    EXPECT_EQ(parse_qemu_memory("1048576B"), Bytes::mib(1));
    EXPECT_EQ(parse_qemu_memory("1T"), Bytes::mib(1U << 20U));
    for (const std::string_view bad :
         {"", "G", "x", "-1", "4GiB", "1..5G", "16E", "99999999999999999999", "1e3", "nan"}) {
        EXPECT_FALSE(parse_qemu_memory(bad)) << bad;
    }
}

TEST(QemuCommand, ToleratesAnything)
{
    EXPECT_EQ(parse_qemu_command({}).name, "");
    EXPECT_EQ(command({"-", "--", "-m", "-smp", "-name"}).vcpus, 1U);
    EXPECT_EQ(command({"-name", ",,,,=,=,", "-smp", "=,=", "-m", ",", "-machine", ",,", "-accel", ":::"}).accelerator,
              "tcg");
}

}  // namespace
}  // namespace kvmkit
