// SPDX-License-Identifier: Apache-2.0
// docs/state-files.md: its examples are read, and it names every key of the tables.
#include "unit/net/state/reading.hpp"

#include <fstream>
#include <sstream>

namespace kvmkit::net {
namespace {

std::string page()
{
    std::ostringstream text;
    text << std::ifstream{std::string{KVMKIT_SOURCE_DIR} + "/docs/state-files.md"}.rdbuf();
    return text.str();
}

TEST(StateDocumentationTest, ItsExamplesHoldNoMistake)
{
    constexpr std::string_view fence = "```yaml\n";
    const auto text = page();
    std::size_t examples = 0;
    for (auto at = text.find(fence); at != std::string::npos; at = text.find(fence, at + 1)) {
        const auto start = at + fence.size();
        const auto example = text.substr(start, text.find("```", start) - start);
        EXPECT_EQ(mistakes_in(example), "") << example;
        ++examples;
    }
    EXPECT_EQ(examples, 4U);
}

TEST(StateDocumentationTest, ItNamesEveryOption)
{
    const auto text = page();
    for (const auto specs :
         {bridge_options(), bridge_port_options(), bond_options(), vlan_options(), vxlan_options()}) {
        for (const OptionSpec& spec : specs) {
            const auto dot = spec.key.find('.');
            const std::string key{dot == std::string_view::npos ? spec.key : spec.key.substr(dot + 1)};
            const bool named =
                text.find("`" + key + "`") != std::string::npos || text.find(" " + key + ":") != std::string::npos;
            EXPECT_TRUE(named) << key;
        }
    }
}

}  // namespace
}  // namespace kvmkit::net
