// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "net/persist/ini_file.hpp"
#include "net/persist/writers.hpp"
#include "net/state/yaml.hpp"
#include "sample.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

namespace fs = std::filesystem;

const fs::path fixtures = fs::path{KVMKIT_SOURCE_DIR}.parent_path() / "shared/fixtures/net/persist";

/// One statement of a file, whatever its format: "Network|Address=192.0.2.10/24".
using Statements = std::set<std::string>;

void add_leaves(const Node& node, const std::string& path, Statements& all)
{
    if (node.kind == Node::Kind::scalar) {
        all.insert(path + '=' + node.text);
    }
    for (const Node& child : node.children) {
        add_leaves(child, path + '.' + (child.key.empty() ? "-" : child.key), all);
    }
}

Statements statements_of(const std::string& name, const std::string& text)
{
    Statements all;
    if (name.ends_with(".yaml")) {
        Mistakes mistakes;
        const auto tree = read_yaml(text, mistakes);
        add_leaves(tree ? *tree : Node{}, "", all);
    } else if (name.starts_with("net-setup-")) {
        for (const std::string_view line : lines(text)) {
            if (!trim(line).starts_with('#') && !line.starts_with("iface") && !trim(line).empty()) {
                all.emplace(trim(line));
            }
        }
    } else {
        for (const IniLine& line : read_ini(text)) {
            if (line.key != "uuid" && line.section + line.key != "connectionid") {
                all.insert(fmt::format("{}|{}={}", line.section, line.key, line.value));
            }
        }
    }
    return all;
}

struct Case {
    const char* folder;
    Profile (*profile)();
    Result<KeptFiles> (*write)(const Profile&);
};

/// What the test is called.
void PrintTo(const Case& one, std::ostream* out)  // NOLINT(readability-identifier-naming): gtest's
{
    *out << one.folder;
}

Result<KeptFiles> write_ifupdown(const Profile& profile)
{
    return write_interfaces(profile, Manager::ifupdown);
}

Result<KeptFiles> write_ifupdown2(const Profile& profile)
{
    return write_interfaces(profile, Manager::ifupdown2);
}

class PersistFixtures : public ::testing::TestWithParam<Case> {};

/// Everything that the recorded files say is said by ours; ours may say more.
TEST_P(PersistFixtures, AreSaidByTheWriter)
{
    const auto folder = fixtures / GetParam().folder;
    if (!fs::exists(folder)) {
        GTEST_SKIP() << "there are no recorded files in " << GetParam().folder;
    }
    const auto files = GetParam().write(GetParam().profile());
    ASSERT_TRUE(files) << files.error().message;
    for (const auto& entry : fs::directory_iterator{folder}) {
        const std::string name = entry.path().filename();
        std::ostringstream text;
        text << std::ifstream{entry.path()}.rdbuf();
        const auto stem = name.substr(0, name.rfind('.'));
        const auto ours = std::ranges::find_if(*files, [&](const KeptFile& file) {
            return file.path.find('/' + name) != std::string::npos ||
                   file.path.find("-port-" + name) != std::string::npos ||
                   file.path.find("net-setup-" + name) != std::string::npos ||
                   (name.ends_with(".yaml") && file.path.find(stem) != std::string::npos);
        });
        ASSERT_NE(ours, files->end()) << name;
        const auto said = statements_of(name, ours->bytes);
        for (const std::string& statement : statements_of(name, text.str())) {
            EXPECT_TRUE(said.contains(statement)) << name << ": " << statement << "\n" << ours->bytes;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All,
                         PersistFixtures,
                         ::testing::Values(Case{"networkd/static", sample::fixed, write_networkd},
                                           Case{"networkd/dhcp", sample::leased, write_networkd},
                                           Case{"networkd/vlan-aware", sample::vlan_aware, write_networkd},
                                           Case{"networkd/vlan-subif", sample::vlan_below, write_networkd},
                                           Case{"netplan/static", sample::fixed, write_netplan},
                                           Case{"netplan/dhcp", sample::leased, write_netplan},
                                           Case{"netplan/vlan-subif", sample::vlan_below, write_netplan},
                                           Case{"nm/static", sample::fixed, write_keyfiles},
                                           Case{"nm/dhcp", sample::leased, write_keyfiles},
                                           Case{"nm/vlan-aware", sample::vlan_aware, write_keyfiles},
                                           Case{"nm/vlan-subif", sample::vlan_below, write_keyfiles},
                                           Case{"ifupdown/static", sample::fixed, write_ifupdown},
                                           Case{"ifupdown/dhcp", sample::leased, write_ifupdown},
                                           Case{"ifupdown/vlan-subif", sample::vlan_below, write_ifupdown},
                                           Case{"ifupdown2/vlan-aware", sample::vlan_aware, write_ifupdown2}));

}  // namespace
}  // namespace kvmkit::net
