// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/clashes.hpp"

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

VmSpec vm(const char* name, std::vector<Nic> nics = {})
{
    return {.name = *VmName::parse(name), .nics = std::move(nics)};
}

std::string clash(const std::vector<VmSpec>& specs)
{
    const auto found = find_clash(specs);
    EXPECT_TRUE(!found || (found->vm == specs.size() - 1 && !found->hint.empty()));
    return found ? found->message : "";
}

TEST(Clashes, AreFoundBetweenNetworkCards)
{
    const Nic fixed_mac{BridgeNic{"br0"}, "52:54:00:00:00:01"};
    EXPECT_EQ(clash({vm("a", {fixed_mac}), vm("b", {fixed_mac})}),
              "VMs 'a' and 'b' cannot both have the network card address 52:54:00:00:00:01");
    const Nic led{UserNic{{{2222, 22}, {8080, 80}}}};
    const Nic other{UserNic{{{8080, 8080}}}};
    EXPECT_EQ(clash({vm("a", {led}), vm("c", {}), vm("b", {other})}),
              "VMs 'a' and 'b' cannot both have port 8080 of this host");
    const Nic fixed_ip{BridgeNic{"br0", 10}, std::nullopt, StaticIp{"192.0.2.5/24"}};
    const Nic same_ip{BridgeNic{"br0", 10}, std::nullopt, StaticIp{"192.0.2.5/25"}};
    EXPECT_EQ(clash({vm("a", {fixed_ip}), vm("b", {same_ip})}),
              "VMs 'a' and 'b' cannot both have the address 192.0.2.5 in bridge=br0,vlan=10");
}

TEST(Clashes, AreNoneWhereEachHasItsOwn)
{
    const auto with_ip = [](const char* name, decltype(Nic::source) source) {
        return vm(name, {{std::move(source), std::nullopt, StaticIp{"192.0.2.5/24"}}});
    };
    EXPECT_EQ(clash({with_ip("a", BridgeNic{"br0", 10}),
                     with_ip("b", BridgeNic{"br0", 20}),
                     with_ip("c", NetworkNic{"default"}),
                     with_ip("d", UserNic{}),
                     with_ip("e", UserNic{{{2222, 22}}})}),
              "");
    EXPECT_EQ(clash({}), "");
}

TEST(Clashes, AreFoundBetweenNamesDevicesAndDisks)
{
    EXPECT_EQ(clash({vm("a"), vm("a")}), "VMs 'a' and 'a' cannot both have the name 'a'");
    auto one = vm("a");
    one.hardware.devices = {{0, 3, 0, 0}};
    auto other = vm("b");
    other.hardware.devices = {{0, 3, 0, 0}};
    EXPECT_EQ(clash({one, other}), "VMs 'a' and 'b' cannot both have PCI device 0000:03:00.0");
    one.hardware.devices.clear();
    one.disks.extra = {BaseImage{"/data.raw", ImageFormat::raw, {}}, NewDisk{Bytes::mib(1)}};
    other.disks.extra = {NewDisk{Bytes::mib(1)}, BaseImage{"/data.raw", ImageFormat::raw, {}}};
    EXPECT_EQ(clash({one, other}), "VMs 'a' and 'b' cannot both have disk '/data.raw' to write to");
}

}  // namespace
}  // namespace kvmkit::virt
