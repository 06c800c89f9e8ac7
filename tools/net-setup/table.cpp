// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "words.hpp"

#include <array>

namespace kvmkit::net_setup {
namespace {

constexpr std::array commands{
    cli::Command{
        "show", "the links, their bridges and addresses", {"[LINK...]", 0, cli::any_number}, declare_show, show},
    cli::Command{"doctor",
                 "what is wrong with the links and bridges, and what mends it",
                 {"[LINK...]", 0, cli::any_number},
                 declare_doctor,
                 doctor},
    cli::Command{
        "validate", "whether a state file holds mistakes, and where", {"FILE", 1, 1}, declare_validate, validate},
    cli::Command{"plan", "the steps from the network as it is to a state file", {"FILE", 1, 1}, declare_plan, plan},
    cli::Command{"diff", "what a state file would change", {"FILE", 1, 1}, declare_diff, diff},
    cli::Command{"apply",
                 "make the network what a state file says, or change nothing",
                 {"FILE", 1, 1},
                 declare_apply,
                 apply,
                 cli::Effect::changes},
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
                 cli::Effect::changes},
    cli::Command{"bridge set",
                 "change settings of a bridge, the others stay",
                 {"BRIDGE", 1, 1},
                 declare_bridge_set,
                 bridge_set,
                 cli::Effect::changes},
    cli::Command{"bridge vlan set",
                 "the VLANs of a bridge's port, or of the bridge itself",
                 {"LINK", 1, 1},
                 declare_bridge_vlan_set,
                 bridge_vlan_set,
                 cli::Effect::changes},
    cli::Command{"port add",
                 "make links ports of a bridge",
                 {"BRIDGE PORT...", 2, cli::any_number},
                 declare_port_add,
                 port_add,
                 cli::Effect::changes},
    cli::Command{"port del",
                 "free ports from their bridge",
                 {"PORT...", 1, cli::any_number},
                 declare_port_del,
                 port_del,
                 cli::Effect::changes},
    cli::Command{"vlan add",
                 "make a VLAN link on another link",
                 {"LINK ID", 2, 2},
                 declare_vlan_add,
                 vlan_add,
                 cli::Effect::changes},
    cli::Command{"vlan del", "delete a VLAN link", {"NAME", 1, 1}, declare_vlan_del, vlan_del, cli::Effect::changes},
    cli::Command{"lan-bridge",
                 "put the host's card on a bridge, without losing the connection",
                 {"NIC", 1, 1},
                 declare_lan_bridge,
                 lan_bridge,
                 cli::Effect::changes},
    cli::Command{"owner",
                 "who gives the links their settings at boot, and what says so",
                 {"[LINK...]", 0, cli::any_number},
                 declare_owner,
                 owner},
    cli::Command{"persist",
                 "keep links as they are now through a reboot",
                 {"LINK...", 1, cli::any_number},
                 declare_persist,
                 persist,
                 cli::Effect::changes},
    cli::Command{"status", "the change that waits for a confirmation", {"", 0, 0}, declare_status, status},
    cli::Command{
        "confirm", "keep the change that waits", {"[ID]", 0, 1}, declare_confirm, confirm, cli::Effect::changes},
    cli::Command{"rollback",
                 "undo the change that waits, or what a killed run left",
                 {"[ID]", 0, 1},
                 declare_rollback,
                 rollback,
                 cli::Effect::changes},
    cli::Command{
        "extend", "wait longer for the confirmation", {"[ID]", 0, 1}, declare_extend, extend, cli::Effect::changes},
    cli::Command{
        "recover", "end what a killed run left half made", {"", 0, 0}, declare_recover, recover, cli::Effect::changes},
    cli::Command{"history", "the changes that were made", {"", 0, 0}, declare_history, history},
    cli::Command{"undo", "undo the last change, or one", {"[ID]", 0, 1}, declare_undo, undo, cli::Effect::changes}};

constexpr std::string_view closing = R"(
examples:
  net-setup
  net-setup doctor
  net-setup validate lan.yml
  net-setup diff lan.yml
  net-setup apply lan.yml
  net-setup bridge add br0 --address 192.0.2.1/24
  net-setup bridge add br0 --port eth1 --dry-run
  net-setup bridge del br0
  net-setup port add br0 eth1
  net-setup bridge set br0 --vlan-filtering on
  net-setup bridge vlan set eth1 --native 1 --tagged 100,200-299
  net-setup vlan add br0 100 --address 198.51.100.1/24
  net-setup lan-bridge eth0
  net-setup lan-bridge eth0 --persist auto
  net-setup lan-bridge eth0 --back
  net-setup owner eth0
  net-setup persist br0 --dry-run
)";

}  // namespace

const cli::Tool& tool()
{
    static constexpr cli::Tool table{
        "net-setup", "Bridges for VMs, made without losing the host.", "show", commands, closing, sources};
    return table;
}

}  // namespace kvmkit::net_setup
