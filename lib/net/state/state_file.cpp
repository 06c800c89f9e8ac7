// SPDX-License-Identifier: Apache-2.0
#include "net/state/state_file.hpp"

#include "net/state/reader.hpp"
#include "net/state/yaml.hpp"

#include <array>

namespace kvmkit::net {
namespace {

void read_interfaces(const Spot& spot, DesiredNetwork& network)
{
    const auto items = spot.items();
    std::vector<InterfaceReading> readings;
    readings.reserve(items.size());
    for (const Spot& item : items) {
        readings.push_back(read_interface(item));
    }
    judge_interfaces(readings);
    network.interfaces.reserve(readings.size());
    for (InterfaceReading& reading : readings) {
        network.interfaces.push_back(std::move(reading.wanted));
    }
}

constexpr std::string_view of_kubernetes =
    "this is a policy of kubernetes-nmstate: give what stands below desiredState";
constexpr std::string_view of_netplan = "this is a file of netplan's: write it in nmstate's schema, see net-setup(1)";
constexpr std::string_view of_policies = "policies are not read: write the wished state itself";

constexpr std::array<KeyRow<DesiredNetwork>, 19> top_keys{
    {{"interfaces", read_interfaces},
     {"routes", [](const Spot& spot, DesiredNetwork& network) { read_routes(spot, network.routes); }},
     {"dns-resolver", [](const Spot& spot, DesiredNetwork& network) { read_resolver(spot, network.resolver); }},
     {"description"},
     {"hostname", nullptr, "use hostnamectl, and leave the section out"},
     {"route-rules", nullptr, "use 'ip rule', and leave the section out", true},
     {"persist",
      nullptr,
      "whether it lasts beyond the next boot says 'net-setup apply --persist'; leave the key out",
      true},
     {"ovs-db", nullptr, "use ovs-vsctl, and leave the section out", true},
     {"ovn", nullptr, "use ovn-nbctl, and leave the section out", true},
     {"capture", nullptr, of_policies},
     {"desired", nullptr, of_policies},
     {"desiredState", nullptr, of_kubernetes},
     {"apiVersion", nullptr, of_kubernetes},
     {"kind", nullptr, of_kubernetes},
     {"metadata", nullptr, of_kubernetes},
     {"spec", nullptr, of_kubernetes},
     {"network", nullptr, of_netplan},
     {"ethernets", nullptr, of_netplan},
     {"bridges", nullptr, of_netplan}}};

/// The place of the path, or of the nearest one above it.
Place place_of(const StateFile& file, KeyPath path)
{
    while (!path.empty()) {
        if (const Node* node = file.tree ? follow(*file.tree, path) : nullptr) {
            return node->place;
        }
        if (const auto found = file.other_names.find(path); found != file.other_names.end()) {
            return found->second;
        }
        const auto cut = path.find_last_of(".[");
        path.resize(cut == KeyPath::npos ? 0 : cut);
    }
    return {};
}

}  // namespace

StateReading read_state(std::string_view name, std::string_view text)
{
    StateReading reading;
    reading.file.name = name;
    text = without_byte_order_mark(text);
    Findings findings;
    reading.file.tree = read_yaml(text, findings.mistakes);
    if (reading.file.tree) {
        read_map<DesiredNetwork>(Spot{*reading.file.tree, findings}, top_keys, reading.file.wanted);
    }
    if (text.size() <= max_state_size) {
        reading.file.text = text;
    }
    reading.file.other_names = std::move(findings.other_names);
    reading.mistakes = std::move(findings.mistakes);
    return reading;
}

Result<StateFile> read_state_file(std::string_view name, std::string_view text)
{
    StateReading reading = read_state(name, text);
    if (reading.mistakes.empty()) {
        return std::move(reading.file);
    }
    return error_of("state file", reading.file, reading.mistakes);
}

std::string pointed_at(const StateFile& file, const KeyPath& path, std::string_view message)
{
    return pointed_at(file, Mistake{place_of(file, path), path, std::string{message}});
}

}  // namespace kvmkit::net
