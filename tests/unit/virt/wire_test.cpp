// SPDX-License-Identifier: Apache-2.0
#include "virt/address/wire.hpp"

#include "frame_bytes.hpp"
#include "virt/address/search.hpp"

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bytes are this test's language

const std::string mac = "52:54:00:00:00:01";
const std::string address = bytes({192, 0, 2, 5});
const std::string server = option(54, bytes({192, 0, 2, 1}));

std::string offer(int kind = 2)
{
    return dhcp({.kind = kind, .yours = address, .options = server, .from_server = true});
}

TEST(Frames, OfDhcpTellWhoAsksAndWhatIsOffered)
{
    const auto discover = read_frame(dhcp({.options = option(61, bytes({0xff, 1, 2}))}));
    ASSERT_TRUE(discover);
    const auto& asked = std::get<DhcpMessage>(*discover);
    EXPECT_EQ(asked.kind, DhcpKind::discover);
    EXPECT_EQ(asked.client_mac, mac);
    EXPECT_EQ(asked.client_id, "ff0102");
    EXPECT_EQ(asked.address, "");
    const auto offered = std::get<DhcpMessage>(read_frame(offer()).value());
    EXPECT_EQ(offered.address, "192.0.2.5");
    EXPECT_EQ(offered.server, "192.0.2.1");
}

TEST(Frames, OfArpAndNeighbourDiscoveryTellWhoHasAnAddress)
{
    const auto claim = std::get<AddressClaim>(read_frame(arp(guest_mac(), address)).value());
    EXPECT_EQ(claim.mac + " " + claim.address, mac + " 192.0.2.5");
    EXPECT_FALSE(read_frame(arp(guest_mac(), std::string(4, '\0')))) << "a probe has no address yet";
    const std::string global = bytes({0x20, 1, 0xd, 0xb8}) + std::string(11, '\0') + bytes({5});
    const std::string nobody(16, '\0');
    EXPECT_EQ(std::get<AddressClaim>(read_frame(neighbour(136, nobody, global)).value()).address, "2001:db8::5");
    EXPECT_EQ(std::get<AddressClaim>(read_frame(neighbour(135, global, nobody)).value()).address, "2001:db8::5");
    EXPECT_FALSE(read_frame(neighbour(135, nobody, global))) << "it only asks whether the address is free";
}

TEST(Frames, WithATagAreReadLikeThoseWithout)
{
    const std::string plain = offer();
    const std::string tagged = plain.substr(0, 12) + bytes({0x81, 0, 0, 10}) + plain.substr(12);
    EXPECT_TRUE(read_frame(tagged));
}

TEST(Frames, CutAnywhereAreNothingOrThemselvesAndNeverMore)
{
    for (const auto& frame : {offer(), arp(guest_mac(), address), dhcp({})}) {
        for (std::size_t size = 0; size + 1 < frame.size(); ++size) {
            const auto seen = read_frame(frame.substr(0, size));
            if (seen && std::holds_alternative<DhcpMessage>(*seen)) {
                EXPECT_NE(std::get<DhcpMessage>(*seen).client_mac, "");
            }
        }
    }
    EXPECT_FALSE(read_frame(offer().substr(0, 200)));
}

TEST(Wire, TellsHowFarTheGuestCame)
{
    Wire wire{mac};
    EXPECT_NE(wire.last_seen().find("no frame came from it"), std::string::npos);
    wire.see(ethernet(guest_mac(), 0x88cc, "lldp"));
    EXPECT_NE(wire.last_seen().find("no DISCOVER"), std::string::npos);
    wire.see(dhcp({}));
    wire.see(dhcp({}));
    EXPECT_EQ(wire.last_seen(), "it sent 2 DISCOVERs; nobody made an OFFER");
    EXPECT_TRUE(wire.asking());
    wire.see(offer());
    EXPECT_EQ(wire.last_seen(), "DHCP server 192.0.2.1 offered 192.0.2.5; it did not take it");
    wire.see(dhcp({.kind = 3, .options = option(50, address)}));
    EXPECT_EQ(wire.last_seen(), "it asked server 192.0.2.1 for 192.0.2.5; no answer came");
    EXPECT_FALSE(wire.address());
    wire.see(offer(5));
    EXPECT_FALSE(wire.asking());
    EXPECT_EQ(wire.address(), "192.0.2.5");
}

TEST(Wire, TellsTheServersRefusalInItsWords)
{
    Wire wire{mac};
    wire.see(dhcp({.kind = 3}));
    wire.see(dhcp({.kind = 6, .options = server + option(56, "wrong network\x1b[31m"), .from_server = true}));
    EXPECT_TRUE(wire.last_seen().starts_with("DHCP server 192.0.2.1 refused its request (NAK): wrong network"));
    EXPECT_EQ(wire.last_seen().find('\x1b'), std::string::npos);
    EXPECT_FALSE(wire.address());
}

TEST(Wire, BelievesTheGuestAloneAboutItsAddress)
{
    Wire wire{mac};
    wire.see(arp(other_mac(), address));
    EXPECT_FALSE(wire.address());
    wire.see(arp(guest_mac(), bytes({169, 254, 1, 1})));
    EXPECT_FALSE(wire.address()) << "a link-local address reaches nobody";
    wire.see(arp(guest_mac(), address));
    EXPECT_EQ(wire.address(), "192.0.2.5");
    EXPECT_EQ(wire.twins(), std::vector<std::string>{"52:54:00:00:00:02"}) << "somebody else claims it as well";
}

TEST(Wire, NamesWhoCallsHimselfByTheSameClientId)
{
    Wire wire{mac};
    const std::string id = option(61, bytes({0xff, 7}));
    wire.see(dhcp({.client = other_mac(), .options = id}));
    EXPECT_TRUE(wire.twins().empty());
    wire.see(dhcp({.options = id}));
    EXPECT_EQ(wire.twins(), std::vector<std::string>{"52:54:00:00:00:02"});
    Wire told{mac};
    told.know("ff:07", "52:54:00:00:00:09");
    told.see(dhcp({.options = id}));
    EXPECT_EQ(told.twins(), std::vector<std::string>{"52:54:00:00:00:09"});
}

TEST(Neighbours, AreReadFromTheKernelsTable)
{
    constexpr std::string_view table =
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        "192.0.2.9        0x1         0x0         52:54:00:00:00:01     *        br0\n"
        "192.0.2.5        0x1         0x2         52:54:00:00:00:01     *        br0\n";
    EXPECT_EQ(neighbour_in(table, mac), "192.0.2.5");
    EXPECT_EQ(neighbour_in(table, "52:54:00:00:00:07"), std::nullopt);
    EXPECT_EQ(neighbour_in("", mac), std::nullopt);
}

}  // namespace
}  // namespace kvmkit::virt
