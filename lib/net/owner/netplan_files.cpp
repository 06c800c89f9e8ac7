// SPDX-License-Identifier: Apache-2.0
#include "net/owner/netplan_files.hpp"

#include "net/state/yaml.hpp"
#include "system/small_files.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <map>

namespace kvmkit::net {
namespace {

/// File name -> path: of two files with the same name the one in the later folder counts.
std::map<std::string, std::string> files_in_order(const Root& root)
{
    constexpr std::array<std::string_view, 3> folders{"lib/netplan", "etc/netplan", "run/netplan"};
    std::map<std::string, std::string> files;
    for (const std::string_view folder : folders) {
        const auto names = root.names(std::string{folder});
        if (!names || !*names) {
            continue;
        }
        for (const std::string& name : **names) {
            if (name.ends_with(".yaml") && !name.starts_with('.')) {
                files[name] = std::string{folder} + '/' + name;
            }
        }
    }
    return files;
}

void take(const Node& network, const std::string& path, NetplanFiles& found)
{
    for (const Node& section : network.children) {
        if (section.kind != Node::Kind::map) {
            continue;
        }
        for (const Node& one : section.children) {
            if (one.kind == Node::Kind::map || one.kind == Node::Kind::nothing) {
                found.stanzas.push_back({path, section.key, one.key, one});
            }
        }
    }
}

bool matches_mac(const Node& match, const Link& link)
{
    const Node* wanted = find(match, "macaddress");
    if (wanted == nullptr) {
        return true;
    }
    const auto mac = MacAddress::parse(wanted->text);
    return mac && link.mac && *mac == *link.mac;
}

bool matches_name(const Node& match, const Link& link)
{
    const Node* wanted = find(match, "name");
    return wanted == nullptr || ::fnmatch(wanted->text.c_str(), link.name.str().c_str(), 0) == 0;
}

}  // namespace

bool NetplanStanza::is_about(const Link& link) const
{
    if (section == "renderer" || section == "openvswitch") {
        return false;
    }
    const Node* name = find(node, "set-name");
    if (name != nullptr && name->text == link.name.str()) {
        return true;
    }
    const Node* match = find(node, "match");
    if (match == nullptr) {
        return id == link.name.str();
    }
    return link.kind.empty() && !link.loopback && matches_mac(*match, link) && matches_name(*match, link);
}

NetplanFiles netplan_files(const Root& root)
{
    NetplanFiles found;
    for (const auto& [name, path] : files_in_order(root)) {
        Mistakes mistakes;
        const auto tree = read_yaml(text_or_nothing(root, path), mistakes);
        const Node* network = tree ? find(*tree, "network") : nullptr;
        if (!tree) {
            found.unreadable.push_back(path);
        } else if (network != nullptr) {
            take(*network, path, found);
        }
    }
    return found;
}

}  // namespace kvmkit::net
