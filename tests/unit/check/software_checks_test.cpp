// SPDX-License-Identifier: Apache-2.0
#include "support/healthy_host.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::finding;
using testing_support::healthy;
using testing_support::known;
using testing_support::status;
using Commands = std::vector<std::string>;

Commands commands(const Finding& found)
{
    return found.verdict.remedy ? found.verdict.remedy->commands : Commands{};
}

constexpr Ipv4Range shipped{0xc0a87a00, 24};

/// A host with QEMU and libvirt, on which all is well.
HostFacts with_software()
{
    HostFacts host = healthy();
    host.qemu.looked = true;
    host.qemu.target = "x86_64";
    host.qemu.binary = known<std::string>("/usr/bin/qemu-system-x86_64");
    host.qemu.version = known<std::string>("7.2.22");
    host.qemu.firmware = {{"50-edk2.json", "/usr/share/OVMF/OVMF.fd", true, false, true},
                          {"60-secure.json", "/usr/share/OVMF/SECURE.fd", true, true, true}};
    host.libvirt.monolithic.installed = true;
    host.libvirt.manager = ServiceManager::systemd;
    host.libvirt.qemu = known(QemuAccount{"libvirt-qemu", 64055, {64055, 106}});
    host.libvirt.version = known<std::string>("9.0.0");
    host.libvirt.conf = known(QemuConf{});
    host.libvirt.noted = known(std::vector<NotedEmulator>{{"/usr/bin/qemu-system-x86_64", "7.2.22", true}});
    host.libvirt.default_network = known(DefaultNetwork{"virbr0", shipped});
    host.security.looked = true;
    return host;
}

TEST(SoftwareChecks, PassOrAreSkippedWhereAllIsWell)
{
    for (const auto* id : {"qemu.binary",
                           "qemu.version",
                           "qemu.firmware",
                           "qemu.user",
                           "libvirt.caps_stale",
                           "libvirt.default_net",
                           "openstack.libvirt_version",
                           "openstack.qemu_version"}) {
        EXPECT_EQ(status(with_software(), id), Status::pass) << id;
    }
    for (const auto* id : {"libvirt.apparmor", "libvirt.selinux", "net.vhost_vsock"}) {
        EXPECT_EQ(status(with_software(), id), Status::skip) << id;
    }
}

TEST(SoftwareChecks, AreSkippedWhereNothingIsRecordedOrInstalled)
{
    HostFacts host = healthy();
    host.libvirt.looked = false;
    for (const auto* id : {"qemu.binary",
                           "qemu.version",
                           "qemu.firmware",
                           "qemu.user",
                           "libvirt.caps_stale",
                           "libvirt.default_net",
                           "libvirt.apparmor",
                           "libvirt.selinux",
                           "openstack.libvirt_version",
                           "openstack.qemu_version",
                           "net.vhost_vsock"}) {
        const auto found = finding(host, id);
        EXPECT_EQ(found.verdict.status, Status::skip) << id;
        EXPECT_EQ(found.verdict.evidence.rfind("not recorded: ", 0), 0U) << id << ": " << found.verdict.evidence;
    }
}

TEST(QemuBinary, IsInstalledByThisDistributionsCommand)
{
    HostFacts host = with_software();
    host.qemu.binary = std::optional<std::string>{};
    EXPECT_EQ(status(host, "qemu.binary"), Status::warn);
    EXPECT_EQ(commands(finding(host, "qemu.binary")), (Commands{"apt-get install qemu-system-x86"}));
    host.qemu.target = "aarch64";
    EXPECT_EQ(commands(finding(host, "qemu.binary")), (Commands{"apt-get install qemu-system-arm"}));
    host.distribution = known<std::string>("alpine");
    EXPECT_EQ(commands(finding(host, "qemu.binary")), (Commands{"apk add qemu-system-aarch64"}));
    host.distribution = known<std::string>("fedora");
    EXPECT_EQ(commands(finding(host, "qemu.binary")), (Commands{"dnf install qemu-kvm"}));
    host.distribution = known<std::string>("homemade");
    EXPECT_EQ(commands(finding(host, "qemu.binary")), (Commands{"host-setup apply"}));
    EXPECT_EQ(status(host, "qemu.version"), Status::skip);
    host.qemu.target.clear();
    EXPECT_EQ(status(host, "qemu.binary"), Status::skip);
}

TEST(QemuFirmware, IsMissedOnlyWhereGuestsNeedIt)
{
    HostFacts host = with_software();
    EXPECT_NE(finding(host, "qemu.firmware").verdict.evidence.find("SECURE.fd"), std::string::npos);
    host.qemu.firmware.pop_back();
    EXPECT_EQ(status(host, "qemu.firmware"), Status::pass);
    host.qemu.firmware[0].present = false;
    EXPECT_EQ(status(host, "qemu.firmware"), Status::warn);
    host.qemu.firmware.clear();
    EXPECT_EQ(status(host, "qemu.firmware"), Status::skip);
    host.qemu.target = "aarch64";
    EXPECT_EQ(status(host, "qemu.firmware"), Status::warn);
    EXPECT_EQ(commands(finding(host, "qemu.firmware")), (Commands{"apt-get install qemu-efi-aarch64"}));
}

TEST(QemuUser, MustExist)
{
    HostFacts host = with_software();
    host.libvirt.conf = known(QemuConf{"alice", "kvm", AccountState::known, AccountState::known});
    EXPECT_EQ(status(host, "qemu.user"), Status::pass);
    host.libvirt.conf = known(QemuConf{"alice", "", AccountState::unknown});
    EXPECT_EQ(status(host, "qemu.user"), Status::warn);
    EXPECT_EQ(commands(finding(host, "qemu.user")),
              (Commands{"sed -i 's/^ *user *=/#&/' /etc/libvirt/qemu.conf", "systemctl restart libvirtd"}));
    host.libvirt.conf = known(QemuConf{"", "vms", AccountState::not_named, AccountState::unknown});
    EXPECT_NE(finding(host, "qemu.user").verdict.evidence.find("group 'vms'"), std::string::npos);
    host.libvirt.conf = known(QemuConf{"alice", "", AccountState::elsewhere});
    EXPECT_EQ(status(host, "qemu.user"), Status::skip);
    host.libvirt.conf = Error{ErrorCode::permission, "cannot open '/etc/libvirt/qemu.conf'"};
    EXPECT_EQ(status(host, "qemu.user"), Status::skip);
}

TEST(CapsStale, IsAWarningWhereKvmWorksForQemu)
{
    HostFacts host = with_software();
    (**host.libvirt.noted).front().kvm = false;
    EXPECT_EQ(status(host, "libvirt.caps_stale"), Status::warn);
    EXPECT_EQ(commands(finding(host, "libvirt.caps_stale")),
              (Commands{"rm -f /var/cache/libvirt/qemu/capabilities/*.xml", "systemctl restart libvirtd"}));
    host.libvirt.qemu = known(QemuAccount{"libvirt-qemu", 64055, {64055}});
    EXPECT_EQ(finding(host, "libvirt.caps_stale").because, "libvirt.qemu_access");
    host.libvirt.noted = std::optional<std::vector<NotedEmulator>>{};
    EXPECT_EQ(status(host, "libvirt.caps_stale"), Status::skip);
}

TEST(DefaultNetwork, ClashesWithARouteOfAnotherDevice)
{
    HostFacts host = with_software();
    DefaultNetwork& network = **host.libvirt.default_network;
    network.clash = Ipv4Route{"eth0", shipped};
    network.spare = Ipv4Range{0xc0a87b00, 24};
    const auto found = finding(host, "libvirt.default_net");
    EXPECT_EQ(found.verdict.status, Status::warn);
    EXPECT_NE(found.verdict.evidence.find("it cannot start"), std::string::npos);
    EXPECT_EQ(commands(found).front(),
              R"(virsh net-dumpxml --inactive default | sed 's/192\.168\.122\./192.168.123./g' >default-network.xml)");
    network.spare.reset();
    EXPECT_EQ(commands(finding(host, "libvirt.default_net")).front(), "virsh net-edit default");
}

TEST(AppArmor, NeedsItsParserToConfineVms)
{
    HostFacts host = with_software();
    host.security.apparmor = true;
    EXPECT_EQ(status(host, "libvirt.apparmor"), Status::skip);
    host.security.template_installed = true;
    EXPECT_EQ(status(host, "libvirt.apparmor"), Status::warn);
    EXPECT_EQ(commands(finding(host, "libvirt.apparmor")),
              (Commands{"apt-get install apparmor", "systemctl restart libvirtd"}));
    host.security.parser_installed = true;
    EXPECT_EQ(status(host, "libvirt.apparmor"), Status::pass);
}

TEST(SeLinux, KeepsVmsOffNetworksUnlessABooleanLetsThem)
{
    HostFacts host = with_software();
    host.security.enforcing = known(false);
    host.security.images_on = "nfs4";
    host.security.images_allowed = known(false);
    EXPECT_EQ(status(host, "libvirt.selinux"), Status::pass);
    host.security.enforcing = known(true);
    EXPECT_EQ(status(host, "libvirt.selinux"), Status::warn);
    EXPECT_EQ(commands(finding(host, "libvirt.selinux")), (Commands{"setsebool -P virt_use_nfs on"}));
    host.security.images_allowed = known(true);
    EXPECT_EQ(status(host, "libvirt.selinux"), Status::pass);
    host.security.images_allowed = std::optional<bool>{};
    EXPECT_EQ(status(host, "libvirt.selinux"), Status::skip);
    host.security.images_on.clear();
    EXPECT_EQ(status(host, "libvirt.selinux"), Status::pass);
}

TEST(VhostVsock, IsKeptOutByVMwareOnOldKernels)
{
    HostFacts host = with_software();
    host.network.vhost_vsock = known(NamedNode{});
    EXPECT_EQ(status(host, "net.vhost_vsock"), Status::skip);
    host.network.vmci_transport = true;
    host.kernel = known<std::string>("5.4.0-150-generic");
    EXPECT_EQ(status(host, "net.vhost_vsock"), Status::warn);
    host.kernel = known<std::string>("6.1.0-13-amd64");
    EXPECT_EQ(status(host, "net.vhost_vsock"), Status::skip);
    host.network.vhost_vsock = known(node_shaped("character device 10:241", vhost_vsock_minor));
    EXPECT_EQ(status(host, "net.vhost_vsock"), Status::pass);
    host.network.vhost_vsock = known(node_shaped("plain file", vhost_vsock_minor));
    EXPECT_EQ(status(host, "net.vhost_vsock"), Status::warn);
}

TEST(OpenStack, AsksForVersions)
{
    HostFacts host = with_software();
    host.libvirt.version = known<std::string>("6.0.0");
    host.qemu.version = known<std::string>("4.2");
    EXPECT_EQ(status(host, "openstack.libvirt_version"), Status::warn);
    EXPECT_EQ(status(host, "openstack.qemu_version"), Status::warn);
    host.libvirt.version = std::optional<std::string>{};
    EXPECT_EQ(status(host, "openstack.libvirt_version"), Status::skip);
}

HostFacts answering(LibvirtAnswers answers)
{
    HostFacts host = with_software();
    host.user = known(UserFacts{"root", 0, {0}});
    host.libvirt.connect = known(Answer{});
    host.libvirt.socket = known<std::string>("/run/libvirt/libvirt-sock");
    host.libvirt.answers = known(std::move(answers));
    return host;
}

TEST(LibvirtConnect, TellsWhatLibvirtSays)
{
    HostFacts host = answering({.client = "9.0.0", .hypervisor = "QEMU 7.2.22"});
    EXPECT_EQ(finding(host, "libvirt.connect").verdict.evidence, "libvirt 9.0.0 answers, with QEMU 7.2.22");
    host.libvirt.answers = known(LibvirtAnswers{.problem = "cannot connect to libvirt"});
    EXPECT_EQ(status(host, "libvirt.connect"), Status::warn);
    host.libvirt.answers = Error{ErrorCode::timeout, "libvirt takes connections and did not answer in time"};
    EXPECT_EQ(status(host, "libvirt.connect"), Status::unknown);
    host.libvirt.answers = Error{ErrorCode::not_found, "libvirt-facts is not installed"};
    EXPECT_EQ(status(host, "libvirt.connect"), Status::skip);
    EXPECT_FALSE(finding(host, "libvirt.domcaps").verdict.applies) << "or --for libvirt would need the helper";
    host.libvirt.answers = std::optional<LibvirtAnswers>{};
    EXPECT_EQ(status(host, "libvirt.domcaps"), Status::skip);
}

TEST(LibvirtDomcaps, WarnWhereKvmWorksAndLibvirtOffersNone)
{
    HostFacts host = answering({.types = {{"kvm", true, "", {"host-passthrough", "custom"}, {}}}});
    EXPECT_EQ(finding(host, "libvirt.domcaps").verdict.evidence,
              "libvirt offers VMs of type kvm, with the CPU as host-passthrough, custom");
    host = answering({.types = {{"kvm", false, "KVM is not supported by '/usr/bin/q' on this host", {}, {}}}});
    EXPECT_EQ(status(host, "libvirt.domcaps"), Status::warn);
    EXPECT_EQ(
        finding(host, "libvirt.domcaps").verdict.evidence,
        "/dev/kvm works, but libvirt offers no VM of type kvm: KVM is not supported by '/usr/bin/q' on this host");
    host = answering({.uri = "qemu:///system"});
    EXPECT_EQ(finding(host, "libvirt.domcaps").verdict.evidence, "libvirt tells only those who may manage it");
}

}  // namespace
}  // namespace kvmkit
