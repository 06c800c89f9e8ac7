// SPDX-License-Identifier: Apache-2.0
#include "vm_entry.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

using net::Node;
using net::Spot;

constexpr std::array keys{VmKey{"image"},
                          VmKey{"image-checksum", Form::text, "image"},
                          VmKey{"image-update", Form::toggle, "image"},
                          VmKey{"kernel"},
                          VmKey{"initrd", Form::text, "kernel"},
                          VmKey{"cmdline", Form::text, "kernel"},
                          VmKey{"memory"},
                          VmKey{"vcpus"},
                          VmKey{"net", Form::list},
                          VmKey{"disk"},
                          VmKey{"add-disk", Form::list},
                          VmKey{"user"},
                          VmKey{"ssh-key", Form::list},
                          VmKey{"hostname"},
                          VmKey{"run", Form::list},
                          VmKey{"package", Form::list},
                          VmKey{"user-data"},
                          VmKey{"no-seed", Form::toggle},
                          VmKey{"cpu"},
                          VmKey{"nested", Form::toggle},
                          VmKey{"uefi", Form::toggle_or_text},
                          VmKey{"tpm", Form::toggle},
                          VmKey{"vnc", Form::toggle},
                          VmKey{"cdrom"},
                          VmKey{"share", Form::list},
                          VmKey{"hostdev", Form::list},
                          VmKey{"hugepages"},
                          VmKey{"pin", Form::text, "numa"},
                          VmKey{"numa"},
                          VmKey{"wait", Form::text, "net"},
                          VmKey{"timeout"},
                          VmKey{"on-fail"}};

/// "bridge=br0,ip=192.0.2.5/24,vlan=10" of a map of these: the kind of network first, then the address, which others go
/// with.
std::optional<std::string> nic_word(const Spot& nic)
{
    constexpr std::array kinds{"auto", "none", "user", "network", "bridge", "macvtap"};
    std::string kind;
    std::string address;
    std::string rest;
    for (const Spot& part : nic.entries()) {
        const bool is_kind = std::ranges::find(kinds, part.key()) != kinds.end();
        std::string& words = is_kind ? kind : part.key() == "ip" ? address : rest;
        if (part.is_nothing()) {
            words += fmt::format(",{}", part.key());
            continue;
        }
        for (const Spot& value : part.node().kind == Node::Kind::list ? part.items() : std::vector{part}) {
            const auto text = value.text();
            if (!text) {
                return std::nullopt;
            }
            words += fmt::format(",{}={}", part.key(), *text);
        }
    }
    if (kind.empty()) {
        nic.complain("this says nothing of a network",
                     "begin with bridge: NAME, network: NAME, macvtap: LINK or user:, or write it as --net does");
        return std::nullopt;
    }
    return (kind + address + rest).substr(1);
}

std::optional<std::string> value_of(const VmKey& key, const Spot& value)
{
    return key.option == "net" && value.node().kind == Node::Kind::map ? nic_word(value) : value.text();
}

void add_saying(const VmKey& key, const Spot& value, Setting& setting)
{
    if (const auto text = value_of(key, value)) {
        setting.sayings.push_back({value, fmt::format("--{}={}", key.option, *text)});
    }
}

/// Whether it is switched on; absent: it is no switch here, but a word.
std::optional<bool> switched(const VmKey& key, const Spot& value)
{
    if (key.form == Form::toggle) {
        return value.boolean().value_or(false);
    }
    const bool is_word =
        value.node().kind == Node::Kind::scalar && (value.node().text == "true" || value.node().text == "false");
    return key.form == Form::toggle_or_text && is_word ? value.boolean() : std::nullopt;
}

Setting read_setting(const VmKey& key, const Spot& value)
{
    Setting setting{&key};
    if (key.form == Form::list && value.node().kind == Node::Kind::list) {
        for (const Spot& item : value.items()) {
            add_saying(key, item, setting);
        }
        return setting;
    }
    const auto on = switched(key, value);
    if (!on) {
        add_saying(key, value, setting);
    } else if (*on) {
        setting.sayings.push_back({value, fmt::format("--{}", key.option)});
    }
    return setting;
}

std::vector<std::string> known_names(bool named)
{
    std::vector<std::string> names;
    names.reserve(keys.size() + 1);
    if (named) {
        names.emplace_back("name");
    }
    for (const VmKey& key : keys) {
        names.emplace_back(key.option);
    }
    return names;
}

}  // namespace

std::span<const VmKey> vm_keys()
{
    return keys;
}

const Setting* VmEntry::find(std::string_view option) const
{
    const auto found = std::ranges::find(settings, option, [](const Setting& one) { return one.key->option; });
    return found == settings.end() ? nullptr : &*found;
}

VmEntry read_entry_keys(const Spot& spot, bool named)
{
    VmEntry entry{spot};
    for (const Spot& value : spot.entries()) {
        if (named && value.key() == "name") {
            entry.name = value;
            continue;
        }
        const auto* const key = std::ranges::find(keys, value.key(), &VmKey::option);
        if (key == keys.end()) {
            net::complain_of_unknown(value, known_names(named));
        } else if (!value.is_nothing()) {
            entry.settings.push_back(read_setting(*key, value));
        }
    }
    return entry;
}

void complete(VmEntry& entry, const VmEntry& defaults)
{
    for (const Setting& setting : defaults.settings) {
        if (entry.find(setting.key->option) == nullptr) {
            entry.settings.push_back(setting);
        }
    }
}

}  // namespace kvmkit::vm_run
