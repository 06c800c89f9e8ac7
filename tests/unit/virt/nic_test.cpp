// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/nic.hpp"

#include "virt/launch/plan.hpp"
#include "virt/spec/defined_vm.hpp"
#include "virt/spec/domain_xml.hpp"

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

constexpr std::string_view uuid = "01234567-89ab-4cde-8f01-2345678900ff";

DomainPlan plan_with(std::vector<Nic> nics)
{
    VmSpec spec{.name = *VmName::parse("web")};
    spec.nics = std::move(nics);
    return {.spec = std::move(spec), .uuid = std::string{uuid}, .transaction = "t"};
}

TEST(Nics, HaveAddressesThatBelongToTheVmAndDiffer)
{
    EXPECT_EQ(mac_of(Nic{}, uuid, 0), "52:54:00:89:00:ff");
    EXPECT_EQ(mac_of(Nic{}, uuid, 1), "52:54:00:89:00:00");
    EXPECT_EQ(mac_of(Nic{.mac = "52:54:00:00:00:01"}, uuid, 3), "52:54:00:00:00:01");
}

TEST(Nics, GetAsManyQueuesAsTheVmHasCpusUpToEight)
{
    EXPECT_EQ(nic_queues(1), 1U);
    EXPECT_EQ(nic_queues(4), 4U);
    EXPECT_EQ(nic_queues(64), 8U);
}

TEST(Nics, AreFoundInTheirOwnDescription)
{
    const auto xml = to_domain_xml(plan_with({Nic{NetworkNic{"lan"}},
                                              Nic{BridgeNic{"br0", 10}},
                                              Nic{MacvtapNic{"eth1"}},
                                              Nic{UserNic{{{8080, 80}, {2222, 22}}}}}));
    const auto nics = nics_in(xml);
    ASSERT_EQ(nics.size(), 4U);
    EXPECT_EQ(nics[0].type + "=" + nics[0].source, "network=lan");
    EXPECT_EQ(nics[1].type + "=" + nics[1].source, "bridge=br0");
    EXPECT_EQ(nics[2].type + "=" + nics[2].source, "direct=eth1");
    EXPECT_EQ(nics[3].type, "user");
    EXPECT_EQ(nics[3].ssh_port, 2222);
    EXPECT_EQ(nics[3].mac, mac_of(Nic{}, uuid, 3));
    EXPECT_FALSE(nics[0].ssh_port);
}

TEST(Nics, AreWishedAgainAsTheirDescriptionTells)
{
    const std::vector<Nic> wishes{Nic{NetworkNic{"lan"}},
                                  Nic{BridgeNic{"br0", 10}},
                                  Nic{BridgeNic{"br0"}},
                                  Nic{MacvtapNic{"eth1"}},
                                  Nic{UserNic{}},
                                  Nic{UserNic{{{8080, 80}, {2222, 22}}}}};
    const auto read = read_defined_vm(to_domain_xml(plan_with(wishes)));
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->spec.nics.size(), wishes.size());
    EXPECT_EQ(describe(read->spec.nics), describe(wishes));
    for (std::size_t i = 0; i < wishes.size(); ++i) {
        EXPECT_EQ(mac_of(read->spec.nics[i], uuid, i), mac_of(wishes[i], uuid, i));
    }
}

TEST(DefinedVm, TellsWhatItsNextStartNeeds)
{
    DomainPlan plan = plan_with({});
    plan.spec.vcpus = 2;
    plan.spec.memory = Bytes::mib(64);
    plan.spec.kernel = DirectKernel{"/boot/vmlinuz", std::nullopt, "console=ttyS0 kvmkit.name=web"};
    plan.spec.hardware.pinned = {3};
    plan.spec.hardware.huge_pages = Bytes::mib(2);
    const auto read = read_defined_vm(to_domain_xml(plan));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->uuid, uuid);
    EXPECT_EQ(read->spec.name.str(), "web");
    EXPECT_EQ(read->spec.vcpus, 2U);
    EXPECT_EQ(read->spec.kernel->command_line, "console=ttyS0 kvmkit.name=web");
    EXPECT_EQ(read->spec.hardware.pinned, (std::vector<unsigned>{3, 3}));
    EXPECT_TRUE(read->spec.hardware.huge_pages.has_value());
}

TEST(DefinedVm, OfSomebodyElseIsRefused)
{
    const auto read = read_defined_vm("<domain type='kvm'><name>other</name><vcpu>1</vcpu></domain>");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::refused);
}

TEST(Nics, OfARunningVmOnANetworkNameTheNetworkNotItsBridge)
{
    const auto nics = nics_in(R"(<domain><devices><interface type='network'><mac address='52:54:00:00:00:01'/>
        <source network='lan' bridge='virbr7'/><target dev='vnet3'/></interface></devices></domain>)");
    ASSERT_EQ(nics.size(), 1U);
    EXPECT_EQ(nics[0].source, "lan");
    EXPECT_EQ(nics[0].link, "vnet3");
    EXPECT_TRUE(nics_in("no xml at all").empty());
}

TEST(Nics, TellWhetherAnAgentIsThere)
{
    const auto domain = [](const std::string& state) {
        return "<domain><devices><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' " + state +
               "/></channel></devices></domain>";
    };
    EXPECT_EQ(agent_connected_in(domain("state='connected'")), true);
    EXPECT_EQ(agent_connected_in(domain("state='disconnected'")), false);
    EXPECT_EQ(agent_connected_in(domain("")), false);
    EXPECT_EQ(agent_connected_in("<domain/>"), std::nullopt);
}

TEST(LaunchPlan, PutsPortsIntoVlansAndWaitsForThemBeforeTheGuestRuns)
{
    DomainPlan plan = plan_with({Nic{BridgeNic{"br0", 10}}, Nic{BridgeNic{"br1"}}});
    plan.learning_bridges = {"br0"};
    const auto steps = launch_steps(plan, "qemu:///system");
    ASSERT_EQ(steps.size(), 6U);
    EXPECT_TRUE(std::holds_alternative<StartVm>(steps[1]));
    ASSERT_TRUE(std::holds_alternative<TagPort>(steps[2]));
    EXPECT_EQ(std::get<TagPort>(steps[2]).vlan, 10);
    EXPECT_TRUE(std::holds_alternative<AwaitPort>(steps[3]));
    EXPECT_TRUE(std::holds_alternative<ResumeVm>(steps[5]));
}

}  // namespace
}  // namespace kvmkit::virt
