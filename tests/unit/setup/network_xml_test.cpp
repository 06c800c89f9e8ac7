// SPDX-License-Identifier: Apache-2.0
#include "setup/network_xml.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

Ipv4Range range(std::string_view text)
{
    return parse_ipv4_range(text).value();
}

std::string moved(std::string_view xml, std::string_view to, std::string_view from = "192.168.122.0/24")
{
    const auto result = with_range(xml, range(from), range(to));
    return result ? *result : result.error().message;
}

/// As Debian's package ships it.
constexpr std::string_view shipped = R"(<network>
  <name>default</name>
  <bridge name='virbr0'/>
  <forward/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
    </dhcp>
  </ip>
</network>
)";

TEST(NetworkXml, MovesAddressAndDhcpAndNothingElse)
{
    EXPECT_EQ(moved(shipped, "192.168.150.0/24"), R"(<network>
  <name>default</name>
  <bridge name='virbr0'/>
  <forward/>
  <ip address='192.168.150.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.150.2' end='192.168.150.254'/>
    </dhcp>
  </ip>
</network>
)");
    EXPECT_EQ(moved(shipped, "192.168.122.0/24"), shipped);
}

TEST(NetworkXml, KeepsWhatLibvirtAndTheAdministratorAdded)
{
    const auto text = moved(R"(<!--
WARNING: <ip address='192.168.122.1'/> in a comment stays
-->
<network>
  <uuid>5e1a7c1e-0000-4000-8000-192168122001</uuid>
  <mac address='52:54:00:aa:bb:cc'/>
  <dns><host ip='192.168.122.9'><hostname>nas</hostname></host></dns>
  <ip address="192.168.122.1" prefix="24">
    <dhcp><range start="192.168.122.100" end="192.168.122.200"/>
      <host mac='52:54:00:00:00:01' name='web' ip='192.168.122.10'/>
      <bootp file='pxe' server='10.0.0.1'/></dhcp>
  </ip>
  <ip family='ipv6' address='fd00::1' prefix='64'/>
</network>
)",
                            "10.123.7.0/24");
    EXPECT_NE(text.find("WARNING: <ip address='192.168.122.1'/>"), std::string::npos);
    EXPECT_NE(text.find("<ip address=\"10.123.7.1\" prefix=\"24\">"), std::string::npos) << text;
    EXPECT_NE(text.find("<range start=\"10.123.7.100\" end=\"10.123.7.200\"/>"), std::string::npos);
    EXPECT_NE(text.find("<host mac='52:54:00:00:00:01' name='web' ip='10.123.7.10'/>"), std::string::npos);
    EXPECT_NE(text.find("server='10.0.0.1'"), std::string::npos);
    EXPECT_NE(text.find("<ip family='ipv6' address='fd00::1' prefix='64'/>"), std::string::npos);
    EXPECT_NE(text.find("52:54:00:aa:bb:cc"), std::string::npos);
}

TEST(NetworkXml, FitsARangeOfAnotherSize)
{
    const auto larger = moved(shipped, "10.0.0.0/16");
    EXPECT_NE(larger.find("<ip address='10.0.0.1' netmask='255.255.0.0'>"), std::string::npos) << larger;
    EXPECT_NE(larger.find("<range start='10.0.0.2' end='10.0.255.254'/>"), std::string::npos) << larger;
    const auto smaller = moved(shipped, "10.0.0.32/28");
    EXPECT_NE(smaller.find("<ip address='10.0.0.33' netmask='255.255.255.240'>"), std::string::npos) << smaller;
    EXPECT_NE(smaller.find("<range start='10.0.0.34' end='10.0.0.46'/>"), std::string::npos) << smaller;
}

TEST(NetworkXml, RefusesWhereAnAddressDoesNotFit)
{
    const auto refused =
        with_range("<ip address='192.168.122.1' prefix='24'><dhcp><host ip='192.168.122.77'/></dhcp></ip>",
                   range("192.168.122.0/24"),
                   range("10.0.0.0/28"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_EQ(
        refused.error().message,
        "refused to give network 'default' the range 10.0.0.0/28: its address 192.168.122.77 does not fit into it");
}

TEST(NetworkXml, SurvivesWhatIsNoXml)
{
    for (const auto* text :
         {"", "<ip ", "<ip address='", "<ip address=", "<ip a=b c='d", "=", "<ip =''>", "<ip ='x'/>"}) {
        EXPECT_EQ(moved(text, "10.0.0.0/24"), text);
    }
}

}  // namespace
}  // namespace kvmkit::setup
