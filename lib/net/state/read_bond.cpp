// SPDX-License-Identifier: Apache-2.0
#include "net/model/bond_rules.hpp"
#include "net/state/reader.hpp"

#include <linux/if_link.h>

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

constexpr std::array aliases{Alias{"num_unsol_na", "num_grat_arp"}};
constexpr std::string_view port_settings = "set it with 'ip link set PORT type bond_slave', and leave the key out";

constexpr std::array<KeyRow<LinkOptions>, 3> refused_options{
    {{"primary", nullptr, "set it with 'ip link set BOND type bond primary PORT'", true},
     {"balance_slb", nullptr, "the kernel has no such option, it is NetworkManager's", true},
     {"mode", nullptr, "write 'mode' beside 'options'"}}};

OptionTable options_table()
{
    return {bond_options(), {}, aliases};
}

void read_options(const Spot& spot, InterfaceReading& reading)
{
    LinkOptions& options = reading.wanted.options;
    for (const Spot& value : spot.entries()) {
        if (!read_entry<LinkOptions>(value, refused_options, options) &&
            !read_option_of(value, options_table(), options)) {
            complain_of_unknown(value, keys_of(options_table()));
        }
    }
    judge_aliases(spot, options_table());
}

void read_ports(const Spot& spot, InterfaceReading& reading)
{
    if (reading.ports) {
        spot.complain_of_key("'port' and 'ports' are one key, and both are given", "keep 'port'");
        return;
    }
    reading.ports = spot;
    auto& ports = reading.wanted.ports.emplace();
    for (const Spot& item : spot.items()) {
        const auto name = item.read(LinkName::parse);
        ports.push_back({name.value_or(LinkName::from_kernel("")), {}, {}, item.path()});
    }
}

constexpr std::array<KeyRow<InterfaceReading>, 3> port_config_keys{
    {{"name", nullptr}, {"priority", nullptr, port_settings, true}, {"queue-id", nullptr, port_settings, true}}};

void read_ports_config(const Spot& spot, InterfaceReading& reading)
{
    for (const Spot& item : spot.items()) {
        read_map<InterfaceReading>(item, port_config_keys, reading);
    }
}

void read_mode(const Spot& spot, InterfaceReading& reading)
{
    (void)read_option_of(spot, options_table(), reading.wanted.options);
}

constexpr std::array<KeyRow<InterfaceReading>, 6> bond_keys{{{"mode", read_mode},
                                                             {"options", read_options},
                                                             {"port", read_ports},
                                                             {"ports", read_ports},
                                                             {"ports-config", read_ports_config},
                                                             {"slaves", nullptr, "write 'port'"}}};

/// The kernel refuses what does not go with a bond's mode, without saying why.
void judge_mode(const Spot& spot, const LinkOptions& options)
{
    const LinkOption* mode = find(options, IFLA_BOND_MODE);
    const auto values = spot.entry("options");
    if (mode == nullptr || !values) {
        return;
    }
    const auto specs = bond_options();
    const auto number = static_cast<unsigned>(option_number(*mode).value_or(0));
    for (const Spot& value : values->entries()) {
        const auto spec = std::ranges::find(specs, value.key(), &OptionSpec::key);
        if (spec != specs.end() && !bond_option_fits(spec->type, number)) {
            value.complain_of_key(
                fmt::format("'{}' does not go with mode {}", value.key(), option_text(specs.front(), *mode)),
                fmt::format("it goes with {}", bond_modes_of(spec->type)));
        }
    }
}

bool is_zero(const LinkOptions& options, std::uint16_t type)
{
    const LinkOption* option = find(options, type);
    return option == nullptr || option_number(*option) == 0U;
}

void judge_monitors(const Spot& spot, const LinkOptions& options)
{
    const auto values = spot.entry("options");
    if (!values) {
        return;
    }
    const auto interval = values->entry("arp_interval");
    if (interval && !is_zero(options, IFLA_BOND_MIIMON) && !is_zero(options, IFLA_BOND_ARP_INTERVAL)) {
        interval->complain_of_key("'arp_interval' and 'miimon' exclude each other", "keep one of them");
    }
    if (interval && !is_zero(options, IFLA_BOND_ARP_INTERVAL) && find(options, IFLA_BOND_ARP_IP_TARGET) == nullptr) {
        interval->complain_of_key("'arp_interval' needs addresses to ask for", "write arp_ip_target: 192.0.2.1");
    }
}

}  // namespace

void read_bond(const Spot& spot, InterfaceReading& reading)
{
    read_map<InterfaceReading>(spot, bond_keys, reading);
    judge_mode(spot, reading.wanted.options);
    judge_monitors(spot, reading.wanted.options);
    // The kernel judges the others by the mode.
    auto& options = reading.wanted.options;
    std::stable_partition(
        options.begin(), options.end(), [](const LinkOption& option) { return option.type == IFLA_BOND_MODE; });
}

}  // namespace kvmkit::net
