// SPDX-License-Identifier: Apache-2.0
#include "net/owner/dhcp_clients.hpp"

#include "support/temporary_folder.hpp"

#include <fstream>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

class DhcpClients : public ::testing::Test {
protected:
    void write(const std::string& path, const std::string& text) const
    {
        const auto whole = folder_.path() / path;
        std::filesystem::create_directories(whole.parent_path());
        std::ofstream{whole} << text;
    }

    void process(int pid, const std::string& command_line, const std::string& space) const
    {
        const auto folder = "proc/" + std::to_string(pid);
        write(folder + "/cmdline", command_line);
        std::filesystem::create_directories(folder_.path() / folder / "ns");
        std::filesystem::create_symlink(space, folder_.path() / folder / "ns/net");
    }

    [[nodiscard]] std::vector<DhcpClient> found() const
    {
        return dhcp_clients_of(LinkName::from_kernel("eth0"), 2, {folder_.path(), "net:[1]"});
    }

    testing::TemporaryFolder folder_;
};

TEST_F(DhcpClients, OfTheLinkAndTheNamespaceAreFound)
{
    process(1, std::string{"/sbin/init\0", 11}, "net:[1]");
    process(70, std::string{"/sbin/dhclient\0-4\0eth0\0", 23}, "net:[1]");
    process(60, std::string{"udhcpc\0-ieth0\0", 14}, "net:[1]");
    process(80, std::string{"dhcpcd\0eth1\0", 12}, "net:[1]");
    process(90, std::string{"dhclient\0eth0\0", 14}, "net:[2]");
    process(95, std::string{"grep\0dhclient\0eth0\0", 19}, "net:[1]");
    EXPECT_EQ(found(), (std::vector<DhcpClient>{{"udhcpc", 60}, {"dhclient", 70}}));
}

TEST_F(DhcpClients, ServicesAreKnownByTheirLeases)
{
    process(1, std::string{"/sbin/init\0", 11}, "net:[1]");
    EXPECT_TRUE(found().empty());
    write("run/systemd/netif/leases/2", "# private\nADDRESS=10.0.0.2\n");
    write("run/NetworkManager/devices/2", "[device]\nmanaged=true\nconnection-uuid=0a0b\nnm-owned=false\n");
    EXPECT_EQ(found(), (std::vector<DhcpClient>{{"systemd-networkd"}}));  // a fixed address is no lease
    write("var/lib/NetworkManager/internal-0a0b-eth0.lease", "# private\nADDRESS=10.0.0.2\n");
    EXPECT_EQ(found(), (std::vector<DhcpClient>{{"systemd-networkd"}, {"NetworkManager"}}));
}

TEST_F(DhcpClients, ServicesOfAnotherNamespaceDoNotCount)
{
    process(1, std::string{"/sbin/init\0", 11}, "net:[2]");
    write("run/systemd/netif/leases/2", "ADDRESS=10.0.0.2\n");
    EXPECT_TRUE(found().empty());
}

TEST_F(DhcpClients, EachIsToldWhatItWillDoAndTheCommandThatMovesItsLease)
{
    const auto eth0 = LinkName::from_kernel("eth0");
    const auto br0 = LinkName::from_kernel("br0");
    EXPECT_EQ(takeover_command({"dhclient", 70}, eth0, br0), "kill 70; dhclient br0");
    EXPECT_EQ(takeover_command({"udhcpc", 60}, eth0, br0), "kill 60; udhcpc -i br0");
    EXPECT_EQ(takeover_command({"dhcpcd", 80}, eth0, br0), "dhcpcd --persistent --exit eth0; dhcpcd br0");
    EXPECT_EQ(takeover_command({"systemd-networkd"}, eth0, br0), "");
    for (const DhcpClient& client : {DhcpClient{"dhclient", 70}, DhcpClient{"udhcpc", 60}, DhcpClient{"dhcpcd", 80}}) {
        const auto said = sentence_about(client, eth0, br0);
        EXPECT_NE(said.find(takeover_command(client, eth0, br0)), std::string::npos) << said;
        EXPECT_NE(said.find("what is left of its lease's time"), std::string::npos) << said;
        EXPECT_EQ(said.find('{'), std::string::npos) << said;
    }
}

}  // namespace
}  // namespace kvmkit::net
