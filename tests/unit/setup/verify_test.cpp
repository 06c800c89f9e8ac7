// SPDX-License-Identifier: Apache-2.0
#include "setup/verify.hpp"

#include "support/fake_runner.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

const std::string virsh = "virsh --quiet --connect qemu:///system ";
constexpr const char* capabilities = "<capabilities><guest><domain type='kvm'/></guest></capabilities>\n";

/// All that apply promises is so.
class VerifyTest : public ::testing::Test {
protected:
    VerifyTest()
    {
        host_.architecture = "amd64";
        host_.live = true;
        host_.service = {
            .manager = Manager::systemd, .daemon = Daemon::running, .unit = "libvirtd.socket", .enabled = true};
        host_.device = {.present = true, .owner_group = 108, .mode = 0660, .kvm_group = 108};
        host_.user = {"alice", true, {{"kvm", true, true}, {"libvirt", true, true}}};
        host_.network.network = std::optional{
            DefaultNetworkState{.range = shipped_range, .bridge = "virbr0", .autostart = true, .active = true}};
        claim("virbr0", "192.168.122.1");
        runner_.answer("qemu-system-x86_64 --version", {0, "QEMU emulator version 7.2.22\nCopyright\n", ""});
        runner_.answer("qemu-img --version", {0, "qemu-img version 7.2.22\n", ""});
    }

    void claim(const char* device, const char* address)
    {
        const auto number = parse_ipv4(address).value();
        claims_.push_back({Ipv4Claim::Kind::address, device, range_around(number, 24), number});
        host_.network.claims = std::optional{claims_};
    }

    void answer_well()
    {
        runner_.answer(virsh + "capabilities", {0, capabilities, ""});
        runner_.answer(virsh + "net-list --name", {0, "default\n\n", ""});
    }

    std::vector<Finding> found(Components components = *parse_components({}), KvmTrial kvm = {.evidence = "it ran"})
    {
        return verify(host_, runner_, {.components = std::move(components), .kvm = std::move(kvm)});
    }

    /// The only finding that does not hold.
    Finding bad(Components components = *parse_components({}), KvmTrial kvm = {})
    {
        Finding last;
        int count = 0;
        for (const Finding& finding : found(std::move(components), std::move(kvm))) {
            if (finding.proof != Proof::holds) {
                last = finding;
                ++count;
            }
        }
        EXPECT_EQ(count, 1);
        return last;
    }

    Host host_;
    std::vector<Ipv4Claim> claims_;
    testing::FakeRunner runner_;
};

TEST_F(VerifyTest, HoldsWhereAllAnswers)
{
    answer_well();
    const auto findings = found();
    std::vector<std::string> ids;
    for (const Finding& finding : findings) {
        EXPECT_EQ(finding.proof, Proof::holds) << finding.id << ": " << finding.evidence;
        EXPECT_TRUE(finding.hint.empty());
        ids.push_back(finding.id);
    }
    EXPECT_EQ(ids,
              (std::vector<std::string>{"packages",
                                        "qemu-system-x86_64",
                                        "qemu-img",
                                        "active",
                                        "address",
                                        "device",
                                        "device-group",
                                        "members",
                                        "capabilities",
                                        "boot"}));
}

TEST_F(VerifyTest, NamesWhatIsNotInstalledAndWhatDoesNotRun)
{
    host_.needs = {{"qemu", "QEMU", "qemu-system-x86"}};
    EXPECT_EQ(bad({Component::hypervisor}).evidence, "not installed: qemu-system-x86");
    host_.needs.clear();
    testing::FakeRunner broken;
    broken.answer("qemu-system-x86_64 --version", {127, "", "error while loading shared libraries: libfdt.so.1\n"});
    broken.answer("qemu-img --version", {0, "qemu-img version 7.2.22\n", ""});
    const auto findings = verify(host_, broken, {.components = {Component::hypervisor}});
    EXPECT_EQ(findings.at(1).proof, Proof::fails);
    EXPECT_EQ(findings.at(1).evidence, "qemu-system-x86_64 says: error while loading shared libraries: libfdt.so.1");
}

TEST_F(VerifyTest, TellsWhyTheDeviceOrLibvirtDoesNotServe)
{
    EXPECT_EQ(bad({Component::modules}, {.problem = "cannot open /dev/kvm: Permission denied (EACCES)"}).evidence,
              "cannot open /dev/kvm: Permission denied (EACCES)");
    runner_.answer(virsh + "capabilities", {1, "", "error: failed to connect to the hypervisor\n"});
    const auto service = bad({Component::services});
    EXPECT_EQ(service.evidence, "virsh says: error: failed to connect to the hypervisor");
    EXPECT_EQ(service.hint, "host-setup apply services");
}

TEST_F(VerifyTest, WantsLibvirtToOfferKvmWhereTheHostHasIt)
{
    runner_.answer(virsh + "capabilities",
                   {0, "<capabilities><guest><domain type='qemu'/></guest></capabilities>\n", ""});
    EXPECT_EQ(bad({Component::services}).proof, Proof::fails);
    EXPECT_NE(bad({Component::services}).evidence.find("of type qemu only"), std::string::npos);
    host_.device = {};
    EXPECT_EQ(bad({Component::services}).proof, Proof::untold) << "that is the host's matter, not libvirt's";
}

TEST_F(VerifyTest, LooksWhetherModularDaemonsAreStartedAtBoot)
{
    answer_well();
    host_.service = {
        .manager = Manager::systemd, .daemon = Daemon::running, .unit = "virtqemud.socket", .modular = true};
    EXPECT_EQ(bad({Component::services}).evidence, "the modular daemons are not started at boot");
    host_.service.enabled = true;
    EXPECT_EQ(found({Component::services}).size(), 2U);
}

TEST_F(VerifyTest, AsksLibvirtOnlyToReadWhereWeAreNotRoot)
{
    runner_.answer(virsh + "--readonly capabilities", {0, capabilities, ""});
    const auto findings = verify(host_, runner_, {.components = {Component::services}, .privileged = false});
    EXPECT_EQ(findings.front().evidence, "qemu:///system answers; it offers VMs of type kvm");
}

TEST_F(VerifyTest, DistinguishesMembersFromTheirOldSessions)
{
    host_.user.groups[1].inside = false;
    EXPECT_EQ(bad({Component::groups}).evidence, "alice is not in group libvirt");
    host_.user.groups[1].inside = true;
    host_.user.groups[0].stale_sessions = {"pid 7 (bash)"};
    EXPECT_EQ(bad({Component::groups}).hint, "alice must log in again");
    host_.user = {};
    EXPECT_TRUE(found({Component::groups}).empty());
}

TEST_F(VerifyTest, TakesTheKernelsWordForTheNetwork)
{
    answer_well();
    claims_.clear();
    claim("eth0", "10.0.0.9");
    EXPECT_EQ(bad({Component::network}).evidence, "virbr0 lacks an address in 192.168.122.0/24");
    claim("virbr0", "192.168.122.1");
    claim("eth0", "192.168.122.50");
    EXPECT_EQ(bad({Component::network}).evidence,
              "virbr0 is in the way of address 192.168.122.50/24 of eth0: 192.168.122.0/24");
    host_.network.network = Error{ErrorCode::permission, "cannot read it"};
    EXPECT_EQ(bad({Component::network}).proof, Proof::untold);
}

TEST_F(VerifyTest, WantsTheNetworkUpUnlessItWasSwitchedOff)
{
    runner_.answer(virsh + "net-list --name", {0, "other\n", ""});
    EXPECT_EQ(bad({Component::network}).evidence, "libvirt's network 'default' is not up");
    const VerifyRequest off{.components = {Component::network}, .network = {NetworkWish::Kind::off}};
    EXPECT_TRUE(verify(host_, runner_, off).empty());
}

TEST_F(VerifyTest, TellsWhetherGuestsMayRunGuests)
{
    host_.module = {.name = "kvm_amd", .loaded = true, .loader = true};
    EXPECT_EQ(bad({Component::nested}).evidence, "the option nested is off, or not kept");
    host_.nested = {.busy = true};
    EXPECT_NE(bad({Component::nested}).evidence.find("is in use"), std::string::npos);
    host_.nested = {.on = true, .at_next_load = NestedSetting{"/etc/modprobe.d/kvmkit-nested.conf", true}};
    EXPECT_EQ(found({Component::nested}).front().proof, Proof::holds);
    host_.module = {};
    EXPECT_EQ(found({Component::nested}).front().proof, Proof::untold);
}

}  // namespace
}  // namespace kvmkit::setup
