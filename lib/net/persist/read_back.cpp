// SPDX-License-Identifier: Apache-2.0
#include "net/persist/read_back.hpp"

#include "base/text.hpp"
#include "net/owner/interfaces_file.hpp"
#include "net/persist/ini_file.hpp"
#include "net/state/yaml.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// Link -> words of one vocabulary for all formats: "master br0", "address 192.0.2.1/24", "gateway 192.0.2.254".
using Sayings = std::map<std::string, std::set<std::string>>;

Sayings sayings_of(const Profile& profile)
{
    Sayings all;
    for (const KeptLink& link : profile.links) {
        auto& says = all[link.name.str()];
        if (link.port) {
            says.insert("master " + link.port->master.str());
            continue;
        }
        if (link.mac) {
            says.insert("mac " + link.mac->str());
        }
        for (const InterfaceAddress& address : link.addresses) {
            says.insert("address " + address.str());
        }
        for (const KeptRoute& route : link.routes) {
            if (route.gateway) {
                says.insert("gateway " + route.gateway->str());
            }
        }
        if (link.dhcp4) {
            says.insert("dhcp4");
        }
    }
    return all;
}

std::string lower_case(std::string text)
{
    std::ranges::transform(text, text.begin(), [](unsigned char letter) { return std::tolower(letter); });
    return text;
}

std::string networkd_saying(const IniLine& line)
{
    if (line.key == "Bridge" || line.key == "Bond") {
        return "master " + line.value;
    }
    if (line.key == "MACAddress" && line.section == "NetDev") {
        return "mac " + lower_case(line.value);
    }
    if (line.key == "Address" || line.key == "Gateway") {
        return lower_case(line.key) + ' ' + line.value;
    }
    const bool dhcp = line.key == "DHCP" && (line.value == "yes" || line.value == "ipv4");
    return dhcp ? "dhcp4" : "";
}

void read_networkd(const KeptFile& file, Sayings& all)
{
    const auto found = read_ini(file.bytes);
    const auto name = value_in(found, file.path.ends_with(".netdev") ? "NetDev" : "Match", "Name");
    for (const IniLine& line : found) {
        if (const auto saying = networkd_saying(line); !saying.empty()) {
            all[name].insert(saying);
        }
    }
}

void read_keyfile_line(const IniLine& line, std::set<std::string>& says)
{
    const auto parts = split(line.value, ',');
    if (line.key == "master") {
        says.insert("master " + line.value);
    } else if (line.key == "cloned-mac-address") {
        says.insert("mac " + lower_case(line.value));
    } else if (line.key.starts_with("address")) {
        says.insert(fmt::format("address {}", parts.front()));
    } else if (line.section == "ipv4" && line.key == "method" && line.value == "auto") {
        says.insert("dhcp4");
    }
    const bool may_lead =
        line.key.starts_with("address") || (line.key.starts_with("route") && !line.key.ends_with("_options"));
    if (may_lead && parts.size() > 1 && !parts[1].empty()) {
        says.insert(fmt::format("gateway {}", parts[1]));
    }
}

void read_keyfile(const KeptFile& file, Sayings& all)
{
    const auto found = read_ini(file.bytes);
    auto& says = all[value_in(found, "connection", "interface-name")];
    for (const IniLine& line : found) {
        read_keyfile_line(line, says);
    }
}

void read_netplan_link(const Node& link, Sayings& all)
{
    auto& says = all[link.key];
    for (const Node& value : link.children) {
        for (const Node& item : value.children) {
            if (value.key == "interfaces") {
                all[item.text].insert("master " + link.key);
            } else if (value.key == "addresses") {
                says.insert("address " + item.text);
            } else if (const Node* via = value.key == "routes" ? find(item, "via") : nullptr) {
                says.insert("gateway " + via->text);
            }
        }
        if (value.key == "macaddress") {
            says.insert("mac " + lower_case(value.text));
        } else if (value.key == "dhcp4" && value.text == "true") {
            says.insert("dhcp4");
        }
    }
}

void read_netplan(const KeptFile& file, Sayings& all)
{
    Mistakes mistakes;
    const auto tree = read_yaml(file.bytes, mistakes);
    const Node* network = tree ? find(*tree, "network") : nullptr;
    if (network == nullptr) {
        return;
    }
    for (const Node& section : network->children) {
        for (const Node& link : section.children) {
            read_netplan_link(link, all);
        }
    }
}

/// Of "up ip route add default via 192.0.2.1 dev br0": what follows the word.
std::string word_after(const std::vector<std::string_view>& line, std::string_view word)
{
    const auto found = std::ranges::find(line, word);
    return found == line.end() || found + 1 == line.end() ? std::string{} : std::string{*(found + 1)};
}

void read_interfaces_line(const std::string& name, const std::vector<std::string_view>& line, Sayings& all)
{
    if (line.size() < 2) {
        return;
    }
    auto& says = all[name];
    const std::string key{line[0]};
    const std::string value{line[1]};
    if (key == "bridge_ports" || key == "bridge-ports" || key == "bond-slaves") {
        std::for_each(line.begin() + 1, line.end(), [&](std::string_view port) {
            all[std::string{port}].insert("master " + name);
        });
    } else if (key == "address" || key == "gateway") {
        says.insert(key + ' ' + value);
    } else if (key == "bridge_hw" || key == "hwaddress") {
        says.insert("mac " + lower_case(value));
    } else if (key == "up" && !word_after(line, "via").empty()) {
        says.insert("gateway " + word_after(line, "via"));
    } else if (key == "up" && word_after(line, "ip") == "address") {
        says.insert("address " + word_after(line, "add"));
    }
}

void read_interfaces(const KeptFile& file, Sayings& all)
{
    const auto text = lines(file.bytes);
    for (const InterfacesStanza& stanza : stanzas_of(file.bytes)) {
        if (stanza.words[0] != "iface" || stanza.words.size() < 4) {
            continue;
        }
        const auto& name = stanza.words[1];
        all[name];
        if (stanza.words[2] == "inet" && stanza.words[3] == "dhcp") {
            all[name].insert("dhcp4");
        }
        for (std::size_t i = stanza.first_line + 1; i < stanza.end_line; ++i) {
            read_interfaces_line(name, words(text[i]), all);
        }
    }
}

/// "ifcfg-br0": the link is what follows; "route-br0", "route6-br0" and "ifroute-br0" hold its routes.
void read_sysconfig(const KeptFile& file, Sayings& all)
{
    const auto base = file.path.substr(file.path.rfind('/') + 1);
    const auto name = base.substr(base.find('-') + 1);
    auto& says = all[name];
    std::map<std::string, std::string> values;
    for (const std::string_view line : lines(file.bytes)) {
        if (!base.starts_with("ifcfg-")) {
            const auto parts = words(line);
            const auto via = word_after(parts, "via");
            says.insert("gateway " + (base.starts_with("ifroute-") && parts.size() > 1 ? std::string{parts[1]} : via));
        } else if (const auto equals = line.find('='); equals != std::string_view::npos) {
            auto value = std::string{line.substr(equals + 1)};
            std::erase(value, '"');
            values[std::string{line.substr(0, equals)}] = value;
        }
    }
    for (const auto& [key, value] : values) {
        const bool with_prefix = value.find('/') != std::string::npos;
        if (key == "BRIDGE" && value != "yes") {
            says.insert("master " + value);
        } else if (key == "MASTER") {
            says.insert("master " + value);
        } else if (key == "MACADDR" || key == "LLADDR") {
            says.insert("mac " + lower_case(value));
        } else if (key == "GATEWAY" || key == "IPV6_DEFAULTGW") {
            says.insert("gateway " + value);
        } else if (key == "BRIDGE_PORTS" || key.starts_with("BONDING_SLAVE_")) {
            for (const std::string_view port : words(value)) {
                all[std::string{port}].insert("master " + name);
            }
        } else if (key.starts_with("IPADDR") || key.starts_with("IPV6ADDR")) {
            const auto number = key.substr(std::string_view{"IPADDR"}.size());
            for (const std::string_view one : words(value)) {
                says.insert("address " + std::string{one} + (with_prefix ? "" : "/" + values["PREFIX" + number]));
            }
        } else if (key == "BOOTPROTO" && (value == "dhcp" || value == "dhcp4")) {
            says.insert("dhcp4");
        }
    }
}

}  // namespace

std::vector<std::string> missing_in(const KeptFiles& files, Manager manager, const Profile& profile)
{
    Sayings found;
    for (const KeptFile& file : files) {
        switch (manager) {
            case Manager::networkd: read_networkd(file, found); break;
            case Manager::network_manager: read_keyfile(file, found); break;
            case Manager::netplan: file.path.ends_with(".yaml") ? read_netplan(file, found) : void(); break;
            case Manager::ifupdown:
            case Manager::ifupdown2: read_interfaces(file, found); break;
            case Manager::ifcfg:
            case Manager::wicked: read_sysconfig(file, found); break;
            case Manager::none: return {};
        }
    }
    std::vector<std::string> missing;
    for (const auto& [link, says] : sayings_of(profile)) {
        for (const std::string& saying : says) {
            if (!found[link].contains(saying)) {
                missing.push_back(fmt::format("the files do not say of {}: {}", link, saying));
            }
        }
    }
    return missing;
}

}  // namespace kvmkit::net
