// SPDX-License-Identifier: Apache-2.0
// The example files of nmstate, which lie beside the project where they lie at all.
#include "unit/net/state/reading.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace kvmkit::net {
namespace {

/// What each file is refused for; those that are not named are read.
const std::map<std::string, std::string> refused{{"bond_port_up.yml", "'priority' is not supported"},
                                                 {"dynamic_hostname.yml", "'hostname' is not supported"},
                                                 {"eth1_add_route.yml", "'cwnd' is not supported"},
                                                 {"eth1_add_route_rule.yml", "'route-rules' is not supported"},
                                                 {"eth1_del_all_route_rules.yml", "'route-rules' is not supported"},
                                                 {"mac_vlan_absent.yml", "type 'mac-vlan' is not supported"},
                                                 {"mac_vlan_create.yml", "type 'mac-vlan' is not supported"},
                                                 {"mac_vtap_absent.yml", "type 'mac-vtap' is not supported"},
                                                 {"mac_vtap_create.yml", "type 'mac-vtap' is not supported"},
                                                 {"static_hostname.yml", "'hostname' is not supported"},
                                                 {"vrf0_absent.yml", "type 'vrf' is not supported"},
                                                 {"vrf0_with_eth1.yml", "type 'vrf' is not supported"}};

TEST(StateExamplesTest, EachIsReadOrRefusedByName)
{
    const auto folder = std::filesystem::path{KVMKIT_SOURCE_DIR} / "../shared/fixtures/net/nmstate-examples";
    if (!std::filesystem::is_directory(folder)) {
        GTEST_SKIP() << "the examples of nmstate are not beside the project";
    }
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        const auto name = entry.path().filename().string();
        std::ostringstream text;
        text << std::ifstream{entry.path()}.rdbuf();
        const auto mistakes = mistakes_in(text.str());
        const auto expected = refused.find(name);
        if (expected == refused.end()) {
            EXPECT_EQ(mistakes, "") << name;
        } else {
            EXPECT_NE(mistakes.find(expected->second), std::string::npos) << name << "\n" << mistakes;
        }
        ++files;
    }
    EXPECT_GE(files, refused.size());
}

}  // namespace
}  // namespace kvmkit::net
