// SPDX-License-Identifier: Apache-2.0
#include "setup/image_state.hpp"

#include "support/temporary_folder.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using testing::TemporaryFolder;

std::vector<std::string> claims(const TemporaryFolder& folder)
{
    std::vector<std::string> texts;
    for (const Ipv4Claim& claim : claims_of_image(*Root::open(folder.path()))) {
        texts.push_back(describe(claim));
    }
    return texts;
}

TEST(ImageClaims, AreTheAddressesThatFilesName)
{
    const TemporaryFolder folder;
    folder.write("etc/network/interfaces",
                 "# 10.9.9.9/24\niface eth0 inet static\n  address 192.168.122.4\n  netmask 255.255.255.0\n");
    folder.write("etc/netplan/50.yaml", "addresses: [10.1.2.3/16, \"10.5.0.1/24\"]\n");
    folder.write("etc/systemd/network/a.network", "[Network]\nAddress=172.30.0.9/24\n");
    folder.write("etc/sysconfig/network-scripts/ifcfg-eth0",
                 "IPADDR=192.0.2.7\nNETMASK=255.255.255.0\nVERSION=1.2.3\n");
    const std::vector<std::string> expected{"address 192.168.122.4/24 of /etc/network/interfaces",
                                            "address 10.1.2.3/16 of /etc/netplan/50.yaml",
                                            "address 10.5.0.1/24 of /etc/netplan/50.yaml",
                                            "address 172.30.0.9/24 of /etc/systemd/network/a.network",
                                            "address 192.0.2.7/24 of /etc/sysconfig/network-scripts/ifcfg-eth0"};
    EXPECT_EQ(claims(folder), expected);
}

TEST(ImageNesting, IsWrittenForBothVendorsUnlessItIsOn)
{
    const TemporaryFolder folder;
    const auto plan = [&folder](const std::string& architecture) {
        return plan_nested_of_image(observe_image(*Root::open(folder.path()), architecture));
    };
    const auto fresh = plan("amd64");
    ASSERT_TRUE(fresh && fresh->steps.size() == 1);
    const auto& file = std::get<SetFile>(fresh->steps.front());
    EXPECT_EQ(file.path, "etc/modprobe.d/kvmkit-nested.conf");
    EXPECT_EQ(file.bytes, "options kvm_intel nested=1\noptions kvm_amd nested=1\n");
    folder.write(file.path, *file.bytes);
    EXPECT_TRUE(plan("amd64")->steps.empty());
    EXPECT_TRUE(plan("arm64")->steps.empty());
    EXPECT_EQ(plan("arm64")->notes.size(), 1U);
    folder.write("etc/modprobe.d/zz.conf", "options kvm_amd nested=0\n");
    const auto beaten = plan("amd64");
    ASSERT_FALSE(beaten);
    EXPECT_EQ(beaten.error().code, ErrorCode::refused);
    EXPECT_NE(beaten.error().message.find("kvm_amd: /etc/modprobe.d/zz.conf switches it off"), std::string::npos);
}

}  // namespace
}  // namespace kvmkit::setup
