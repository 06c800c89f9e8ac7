// SPDX-License-Identifier: Apache-2.0
#include "check/selection.hpp"
#include "support/healthy_host.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::finding;
using testing_support::healthy;
using testing_support::known;
using testing_support::status;

HostFacts amd()
{
    HostFacts host = healthy();
    host.cpu = known(CpuFacts{"AuthenticAMD", "EPYC", {"svm", "npt", "v_vmsave_vmload", "vgif", "sev", "sev_es"}});
    host.kvm.modules = known(std::set<std::string>{"kvm", "kvm_amd"});
    host.kvm.offer = known(NestedOffer{.svm = true, .nested_paging = true, .state_size = 4224});
    return host;
}

Status required(const HostFacts& host, const std::string& id)
{
    const auto all = catalogue();
    Selection selection;
    selection.only.insert(id);
    selection.require.insert(id);
    for (const Finding& found : judge_selected(host, all, selection).findings) {
        if (found.check.id == id) {
            return found.verdict.status;
        }
    }
    ADD_FAILURE() << id;
    return Status::unknown;
}

TEST(NestedSlow, WarnsOnHardwareWithoutShadowVmcs)
{
    HostFacts host = healthy();
    EXPECT_EQ(status(host, "nested.slow"), Status::skip);
    host.cpu_details.vmx = {"ept", "vpid"};
    EXPECT_EQ(status(host, "nested.slow"), Status::warn);
    host.underlay = known(UnderlayFacts{Underlay::kvm, "CPUID"});
    EXPECT_EQ(status(host, "nested.slow"), Status::skip);
    host.cpu_details.vmx = {"ept", "shadow_vmcs"};
    EXPECT_EQ(status(host, "nested.slow"), Status::pass);
    host.kvm.parameters["enable_shadow_vmcs"] = "N";
    const auto found = finding(host, "nested.slow");
    EXPECT_EQ(found.verdict.status, Status::warn);
    EXPECT_EQ(found.verdict.remedy->commands.front(),
              "echo 'options kvm_intel enable_shadow_vmcs=1' >/etc/modprobe.d/kvm-nested-speed.conf");
}

TEST(NestedSlow, WantsBothOfAmdsHelpers)
{
    HostFacts host = amd();
    EXPECT_EQ(finding(host, "nested.slow").verdict.evidence, "the CPU has virtual GIF");
    host.kvm.parameters["vls"] = "0";
    EXPECT_EQ(status(host, "nested.slow"), Status::warn);
    host.kvm.parameters.clear();
    host.cpu = known(CpuFacts{"AuthenticAMD", "Opteron", {"svm", "npt", "v_vmsave_vmload"}});
    EXPECT_EQ(status(host, "nested.slow"), Status::warn);
}

TEST(NestedSlow, IsNoMatterWhereNothingNests)
{
    HostFacts host = healthy();
    host.cpu_details.vmx = {"ept"};
    host.kvm.offer = known(NestedOffer{});
    EXPECT_EQ(status(host, "nested.slow"), Status::skip);
    host.arch = known<std::string>("s390x");
    EXPECT_EQ(status(host, "nested.slow"), Status::skip);
}

TEST(CgroupDevices, MayKeepKvmFromAGroup)
{
    HostFacts host = healthy();
    EXPECT_EQ(finding(host, "cg.devices").verdict.evidence, "not recorded: /sys/fs/cgroup/devices");
    host.resources.looked = true;
    EXPECT_EQ(status(host, "cg.devices"), Status::skip);
    host.resources.device_lists = known(std::vector<DeviceList>{{"machine.slice", true}, {"", true}});
    EXPECT_EQ(status(host, "cg.devices"), Status::pass);
    host.resources.device_lists = known(std::vector<DeviceList>{{"machine.slice", false}});
    EXPECT_EQ(finding(host, "cg.devices").verdict.evidence,
              "the control group machine.slice may not open /dev/kvm (no c 10:232 in its devices.list)");
    host.resources.device_lists = Error{ErrorCode::permission, "no"};
    EXPECT_EQ(status(host, "cg.devices"), Status::unknown);
}

TEST(Confidential, IsJudgedOnRequestAndFailsOnlyWhereItIsRequired)
{
    HostFacts host = amd();
    const auto all = catalogue();
    for (const Finding& found : judge_selected(host, all, {}).findings) {
        EXPECT_NE(found.check.group(), "cc");
    }
    EXPECT_EQ(required(host, "cc.sev"), Status::unknown) << "a recording may lack parameters";
    host.resources.looked = true;
    host.kvm.parameters = {{"sev", "Y"}, {"sev_es", "N"}};
    EXPECT_EQ(status(host, "cc.sev"), Status::pass);
    EXPECT_EQ(status(host, "cc.sev_es"), Status::skip);
    EXPECT_EQ(required(host, "cc.sev"), Status::pass);
    EXPECT_EQ(required(host, "cc.sev_es"), Status::fail);
    EXPECT_EQ(finding(host, "cc.sev_es").verdict.if_required->commands.front(),
              "echo 'options kvm_amd sev_es=1' >/etc/modprobe.d/kvm-confidential.conf");
    EXPECT_EQ(finding(host, "cc.snp").verdict.if_required->where, Where::firmware);
    EXPECT_FALSE(finding(host, "cc.tdx").verdict.applies);
}

TEST(Confidential, KnowsIntelAndIbm)
{
    HostFacts host = healthy();
    host.resources.looked = true;
    EXPECT_EQ(required(host, "cc.tdx"), Status::fail);
    host.kvm.parameters["tdx"] = "Y";
    EXPECT_EQ(status(host, "cc.tdx"), Status::pass);
    EXPECT_FALSE(finding(host, "cc.s390pv").verdict.applies);
    host.arch = known<std::string>("s390x");
    EXPECT_FALSE(finding(host, "cc.tdx").verdict.applies);
    EXPECT_EQ(status(host, "cc.s390pv"), Status::skip);
    host.security.protected_host = known(false);
    EXPECT_EQ(required(host, "cc.s390pv"), Status::fail);
    host.security.protected_host = known(true);
    EXPECT_EQ(status(host, "cc.s390pv"), Status::pass);
    host.security.protected_host = Error{ErrorCode::permission, "no"};
    EXPECT_EQ(status(host, "cc.s390pv"), Status::unknown);
}

TEST(ForwardPolicy, MattersWhereTheFirewallSeesBridges)
{
    HostFacts host = healthy();
    EXPECT_EQ(status(host, "net.forward_policy"), Status::skip);
    host.network.bridge_filter = known<std::string>("1");
    EXPECT_EQ(finding(host, "net.forward_policy").verdict.evidence, "not recorded: the policy of the chain FORWARD");
    host.network.forward_policy = Error{ErrorCode::permission, "only root may read the firewall's rules"};
    EXPECT_EQ(status(host, "net.forward_policy"), Status::unknown);
    host.network.forward_policy = known<std::string>("drop");
    EXPECT_EQ(status(host, "net.forward_policy"), Status::warn);
    host.network.docker = true;
    EXPECT_EQ(finding(host, "net.forward_policy").because, "net.br_netfilter");
    host.network.forward_policy = known<std::string>("accept");
    EXPECT_EQ(status(host, "net.forward_policy"), Status::pass);
    EXPECT_EQ(status(host, "net.br_netfilter"), Status::pass);
    host.network.bridge_filter = known<std::string>("0");
    EXPECT_EQ(status(host, "net.forward_policy"), Status::skip);
}

TEST(ForwardPolicy, MayDropIpv6Alone)
{
    HostFacts host = healthy();
    host.network.docker = true;
    host.network.bridge_filter = known<std::string>("1");
    host.network.forward_policy = known<std::string>("drop-ipv6");
    const auto found = finding(host, "net.forward_policy");
    EXPECT_EQ(found.verdict.status, Status::warn);
    EXPECT_NE(found.verdict.evidence.find("(policy DROP of IPv6's FORWARD)"), std::string::npos);
    EXPECT_EQ(found.verdict.remedy->commands,
              (std::vector<std::string>{"ip6tables -I FORWARD -i virbr+ -j ACCEPT",
                                        "ip6tables -I FORWARD -o virbr+ -j ACCEPT"}));
    EXPECT_EQ(status(host, "net.br_netfilter"), Status::pass);
}

}  // namespace
}  // namespace kvmkit
