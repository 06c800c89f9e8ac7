// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/domain_xml.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

VmSpec spec_of(std::string_view name)
{
    return {.name = *VmName::parse(name)};
}

DomainPlan plan_of(VmSpec spec)
{
    return {.spec = std::move(spec),
            .uuid = "01234567-89ab-4cde-8f01-23456789abcd",
            .transaction = "20260131T120000-000000-1"};
}

/// Compares with tests/golden/vm-run/NAME.xml; KVMKIT_ACCEPT_GOLDEN=1 rewrites it and fails.
void expect_golden(const std::string& name, const std::string& text)
{
    const auto path = std::string{KVMKIT_SOURCE_DIR "/tests/golden/vm-run/"} + name + ".xml";
    if (std::getenv("KVMKIT_ACCEPT_GOLDEN") != nullptr) {
        std::ofstream{path} << text;
        FAIL() << "accepted " << path;
    }
    std::stringstream golden;
    golden << std::ifstream{path}.rdbuf();
    EXPECT_EQ(text, golden.str()) << path;
}

TEST(DomainXml, OfAKeptVmWithAnImageOnABridge)
{
    VmSpec spec = spec_of("web");
    spec.memory = Bytes::mib(2048);
    spec.vcpus = 2;
    spec.type = DomainType::kvm;
    spec.image = BaseImage{"/srv/images/debian.raw", ImageFormat::raw, Bytes::mib(4096)};
    spec.nics = {Nic{BridgeNic{"br0"}}};
    DomainPlan plan = plan_of(std::move(spec));
    plan.overlay = "/var/lib/kvmkit/vms/web/disk.qcow2";
    plan.runs_as = QemuUser{64055, 107};
    expect_golden("image-on-bridge", to_domain_xml(plan));
}

TEST(DomainXml, OfAnEphemeralVmWithAKernel)
{
    VmSpec spec = spec_of("try");
    spec.kernel = DirectKernel{"/boot/vmlinuz", "/boot/initrd", "console=ttyS0 quiet"};
    spec.image = BaseImage{"/srv/disk.qcow2", ImageFormat::qcow2, Bytes::mib(64)};
    spec.lifetime = Lifetime::ephemeral;
    DomainPlan plan = plan_of(std::move(spec));
    plan.overlay = "/var/lib/kvmkit/vms/try/disk.qcow2";
    plan.root_tuning.cache = "unsafe";
    expect_golden("ephemeral-kernel", to_domain_xml(plan));
}

TEST(DomainXml, OfAVmWithASeedAndMoreDisks)
{
    VmSpec spec = spec_of("full");
    spec.image = BaseImage{"/srv/disk.qcow2", ImageFormat::qcow2, Bytes::mib(64)};
    spec.seed = Seed{};
    DomainPlan plan = plan_of(std::move(spec));
    plan.overlay = "/var/lib/kvmkit/vms/full/disk.qcow2";
    plan.root_tuning = {"none", "io_uring", ""};
    plan.extra_disks = {{"/var/lib/kvmkit/vms/full/disk1.qcow2", ImageFormat::qcow2, plan.root_tuning},
                        {"/srv/data.raw", ImageFormat::raw, {"writeback", "threads", ""}}};
    plan.seed = PlannedSeed{"/var/lib/kvmkit/vms/full/seed.iso"};
    expect_golden("disks-and-seed", to_domain_xml(plan));
    plan.seed->place = SeedPlace::memory;
    EXPECT_NE(to_domain_xml(plan).find(R"(seed.iso" fdgroup="kvmkit-seed" />)"), std::string::npos);
}

TEST(DomainXml, EscapesWhatUsersWrite)
{
    VmSpec spec = spec_of("odd");
    spec.nics = {};
    spec.kernel = DirectKernel{"/boot/<&>\"'", std::nullopt, "a=\"<b>\" ]]> &amp; c='d'"};
    const std::string xml = to_domain_xml(plan_of(std::move(spec)));
    expect_golden("hostile", xml);
    EXPECT_EQ(xml.find("<b>"), std::string::npos);
}

TEST(DomainSummary, TellsWhatIsOurs)
{
    const auto summary = summarize(to_domain_xml(plan_of(spec_of("web"))));
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->name, "web");
    EXPECT_EQ(summary->type, "qemu");
    EXPECT_EQ(summary->vcpus, 1U);
    EXPECT_EQ(summary->memory, Bytes::mib(512));
    EXPECT_EQ(summary->transaction, "20260131T120000-000000-1");
    EXPECT_FALSE(summary->runs);
}

TEST(DomainSummary, KnowsOneThatRunsByItsNumber)
{
    const auto summary = summarize("<domain type='kvm' id='3'><name>x</name></domain>");
    ASSERT_TRUE(summary);
    EXPECT_TRUE(summary->runs);
}

TEST(DomainSummary, ReadsLibvirtsKibAndOtherPrefixes)
{
    const auto summary = summarize(
        "<domain type='kvm'><name>x</name><memory unit='KiB'>2048</memory><metadata>"
        "<k:vm xmlns:k='urn:kvmkit:vm-run:1' transaction='t'/></metadata></domain>");
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->memory, Bytes::mib(2));
    EXPECT_TRUE(summary->ours());
}

TEST(DomainSummary, DoesNotClaimOtherVms)
{
    const auto summary = summarize(
        "<domain type='kvm'><name>x</name><metadata><o:os xmlns:o='urn:libosinfo' "
        "transaction='t'/></metadata></domain>");
    ASSERT_TRUE(summary);
    EXPECT_FALSE(summary->ours());
    EXPECT_FALSE(summarize("<network/>"));
    EXPECT_FALSE(summarize("no XML"));
}

TEST(Confinement, IsWhatASecurityModuleDoes)
{
    const auto with = [](const std::string& model) {
        return is_confined("<capabilities><host><secmodel><model>dac</model></secmodel><secmodel><model>" + model +
                           "</model></secmodel></host></capabilities>");
    };
    EXPECT_TRUE(with("apparmor"));
    EXPECT_TRUE(with("selinux"));
    EXPECT_FALSE(with("none"));
    EXPECT_FALSE(is_confined("<"));
}

TEST(QemuUserInCapabilities, IsTheDacLabel)
{
    const auto user = qemu_user_in(
        "<capabilities><host><secmodel><model>apparmor</model></secmodel><secmodel><model>dac"
        "</model><baselabel type='kvm'>+64055:+107</baselabel></secmodel></host></capabilities>");
    ASSERT_TRUE(user);
    EXPECT_EQ(user->uid, 64055U);
    EXPECT_EQ(user->gid, 107U);
}

TEST(QemuUserInCapabilities, IsAbsentWhereQemuRunsAsTheCaller)
{
    EXPECT_FALSE(qemu_user_in("<capabilities><host/></capabilities>"));
    EXPECT_FALSE(
        qemu_user_in("<capabilities><host><secmodel><model>dac</model><baselabel>libvirt:kvm</baselabel>"
                     "</secmodel></host></capabilities>"));
    EXPECT_FALSE(qemu_user_in("<"));
}

}  // namespace
}  // namespace kvmkit::virt
