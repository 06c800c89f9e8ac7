// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include <array>

namespace kvmkit::net_setup {
namespace {

constexpr std::array commands{
    cli::Command{
        "show", "the links, their bridges and addresses", {"[LINK...]", 0, cli::any_number}, declare_show, show},
    cli::Command{"bridge add",
                 "make a bridge, or complete one",
                 {"BRIDGE", 1, 1},
                 declare_bridge_add,
                 bridge_add,
                 cli::Effect::changes},
    cli::Command{"bridge del",
                 "free a bridge's ports and delete it",
                 {"BRIDGE", 1, 1},
                 declare_bridge_del,
                 bridge_del,
                 cli::Effect::changes}};

constexpr std::string_view closing = R"(
examples:
  net-setup
  net-setup bridge add br0 --address 192.0.2.1/24
  net-setup bridge add br0 --port eth1 --dry-run
  net-setup bridge del br0
)";

}  // namespace

const cli::Tool& tool()
{
    static constexpr cli::Tool table{
        "net-setup", "Bridges for VMs, made without losing the host.", "show", commands, closing};
    return table;
}

}  // namespace kvmkit::net_setup
