// SPDX-License-Identifier: Apache-2.0
#include "facts/container.hpp"
#include "probe/underlay.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

std::string type(const ContainerMarks& marks)
{
    const auto found = identify_container(marks);
    return found ? found->type : "";
}

TEST(Container, IsNamedByItsStrongestMark)
{
    EXPECT_EQ(type({.manager = "systemd-nspawn\n", .dockerenv = true}), "systemd-nspawn");
    EXPECT_EQ(type({.dockerenv = true}), "docker");
    EXPECT_EQ(type({.dockerenv = true, .containerenv = true}), "podman");
    EXPECT_EQ(type({.environment = "lxc"}), "lxc");
    EXPECT_EQ(type({.lxd = true}), "lxc");
    EXPECT_EQ(type({.openvz = true}), "openvz");
    EXPECT_EQ(type({.cgroups = "0::/kubepods.slice/kubepods-pod1.slice\n"}), "kubernetes");
    EXPECT_EQ(type({.cgroups = "12:devices:/docker/0123\n"}), "docker");
}

TEST(Container, IsNotMadeByAFileThatStayedBehind)
{
    EXPECT_TRUE(sees_kernel_threads("kthreadd\n"));
    EXPECT_FALSE(sees_kernel_threads("bash\n"));
    EXPECT_EQ(type({.dockerenv = true, .containerenv = true, .kernel_threads = true}), "");
    EXPECT_EQ(type({.manager = "systemd-nspawn\n", .kernel_threads = true}), "systemd-nspawn")
        << "it says so while it runs";
    EXPECT_EQ(type({.cgroups = "0::/kubepods.slice/kubepods-pod1.slice\n", .dockerenv = true, .kernel_threads = true}),
              "kubernetes")
        << "a container that shares the host's processes";
}

TEST(Container, IsNoneWithoutAMarkAndOtherByAStrangeOne)
{
    EXPECT_EQ(type({}), "");
    EXPECT_EQ(type({.cgroups = "0::/system.slice/docker.service\n"}), "");
    EXPECT_EQ(type({.manager = "\x1b[31mred\n"}), "other");
    EXPECT_EQ(type({.manager = std::string(100, 'x')}), "other");
}

TEST(Container, OfARecordingIsNotKnownWithoutAMark)
{
    const testing::TemporaryFolder folder;
    EXPECT_EQ(read_container(Root::open(folder.path()).value()).error().code, ErrorCode::not_found);
    folder.write("run/.containerenv", "");
    EXPECT_EQ((*read_container(Root::open(folder.path()).value()))->type, "podman");
}

TEST(ConfidentialGuest, IsToldByFlagDeviceOrLog)
{
    EXPECT_EQ(identify_confidential({.tdx_flag = true})->type, "TDX");
    EXPECT_EQ(identify_confidential({.misc_devices = {"sev-guest"}})->type, "SEV-SNP");
    EXPECT_FALSE(identify_confidential({.misc_devices = {"sev"}}));
    EXPECT_EQ(confidential_line("kvm_amd: KVM is unsupported when running as an SEV guest")->type, "SEV");
    EXPECT_EQ(confidential_line("tdx: Guest detected")->type, "TDX");
    EXPECT_FALSE(confidential_line("kvm_amd: SEV supported: 410 ASIDs"));
}

TEST(ConfidentialGuest, OfARecordingIsNotKnownWhereNobodyLooked)
{
    const testing::TemporaryFolder folder;
    const Fact<CpuFacts> cpu{std::nullopt};
    EXPECT_EQ(read_confidential(Root::open(folder.path()).value(), cpu).error().code, ErrorCode::not_found);
    folder.write("sys/class/misc/kvm/dev", "10:232\n");
    EXPECT_FALSE(*read_confidential(Root::open(folder.path()).value(), cpu));
    folder.write("sys/class/misc/tdx_guest/dev", "10:120\n");
    EXPECT_EQ((*read_confidential(Root::open(folder.path()).value(), cpu))->type, "TDX");
}

TEST(BuiltInModules, AreThoseThatProcModulesOrTheKernelsListTells)
{
    const testing::TemporaryFolder folder;
    const Fact<std::set<std::string>> modules{std::set<std::string>{"kvm", "kvm_intel"}};
    const auto built_in = [&] { return read_built_in(Root::open(folder.path()).value(), modules); };
    folder.write("sys/module/kvm/parameters/nx_huge_pages", "off\n");
    folder.write("sys/module/kvm_intel/parameters/nested", "N\n");
    EXPECT_TRUE(built_in().empty());  // a recording of parameters alone
    folder.write("proc/modules", "kvm 1400832 0 - Live 0x0\n");
    EXPECT_EQ(built_in(), std::set<std::string>{"kvm_intel"});
    folder.write("sys/module/kvm_intel/initstate", "live\n");
    EXPECT_TRUE(built_in().empty());
    folder.write("proc/sys/kernel/osrelease", "6.1.0\n");
    folder.write("lib/modules/6.1.0/modules.builtin", "kernel/arch/x86/kvm/kvm.ko\n");
    EXPECT_EQ(built_in(), std::set<std::string>{"kvm"});
}

}  // namespace
}  // namespace kvmkit
