// SPDX-License-Identifier: Apache-2.0
#include "base/number.hpp"
#include "base/text.hpp"
#include "probe/software.hpp"
#include "system/small_files.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr std::size_t most_noted = 100;

/// "libvirt.so.0.9000.0" is 9.0.0: the only trace of the version that every distribution leaves in the same shape.
Fact<std::string> read_version(const Root& root, const std::string& target)
{
    for (const auto& folder :
         {fmt::format("usr/lib/{}-linux-gnu", target), std::string{"usr/lib64"}, std::string{"usr/lib"}}) {
        const auto link = root.link_target(folder + "/libvirt.so.0");
        const auto parts = split(link && *link ? std::string_view{**link} : std::string_view{}, '.');
        constexpr std::size_t with_version = 5;
        if (parts.size() != with_version) {
            continue;
        }
        const auto number = decimal<unsigned>(parts[3]);
        const auto release = decimal<unsigned>(parts[4]);
        constexpr unsigned step = 1000;
        if (number && release) {
            return std::optional{fmt::format("{}.{}.{}", *number / step, *number % step, *release)};
        }
    }
    return std::optional<std::string>{};
}

/// Whether more than files is asked for names: a directory service, or something that we do not know.
bool asks_others(const Root& root, std::string_view database)
{
    constexpr std::array local{"files", "compat", "systemd", "altfiles", "myhostname"};
    const auto text = text_or_nothing(root, "etc/nsswitch.conf");
    for (const auto line : lines(text)) {
        if (!line.starts_with(database) || line.substr(database.size(), 1) != ":") {
            continue;
        }
        const auto sources = words(line.substr(database.size() + 1));
        return std::ranges::any_of(sources, [&](std::string_view source) {
            return !source.starts_with('[') && std::ranges::find(local, source) == local.end() &&
                   !source.ends_with(']');
        });
    }
    return false;
}

/// The name in the text of etc/passwd or etc/group. A number needs no line there.
AccountState state_of(const Root& root, const std::string& name, const char* database)
{
    if (name.empty()) {
        return AccountState::not_named;
    }
    if (decimal<unsigned>(name.starts_with('+') ? std::string_view{name}.substr(1) : std::string_view{name})) {
        return AccountState::known;
    }
    const auto text = root.read(fmt::format("etc/{}", database));
    if (!text || !*text) {
        return AccountState::elsewhere;
    }
    for (const auto line : lines(**text)) {
        if (line.substr(0, line.find(':')) == name) {
            return AccountState::known;
        }
    }
    return asks_others(root, database) ? AccountState::elsewhere : AccountState::unknown;
}

Fact<QemuConf> read_conf(const Root& root)
{
    const auto text = root.read("etc/libvirt/qemu.conf");
    if (!text) {
        return text.error();
    }
    if (!*text) {
        return std::optional<QemuConf>{};
    }
    QemuConf conf{.user = qemu_conf_value(**text, "user"), .group = qemu_conf_value(**text, "group")};
    conf.user_state = state_of(root, conf.user, "passwd");
    conf.group_state = state_of(root, conf.group, "group");
    return std::optional{std::move(conf)};
}

Fact<std::vector<NotedEmulator>> read_noted(const Root& root, const std::string& target)
{
    const std::string folder{"var/cache/libvirt/qemu/capabilities"};
    const auto names = root.names(folder);
    if (!names) {
        return names.error();
    }
    if (!*names) {
        return std::optional<std::vector<NotedEmulator>>{};
    }
    std::vector<NotedEmulator> all;
    for (const auto& name : **names) {
        if (!name.ends_with(".xml") || all.size() >= most_noted) {
            continue;
        }
        const auto text = root.read(fmt::format("{}/{}", folder, name));
        if (!text) {
            return text.error();
        }
        if (auto noted = parse_noted_emulator(text->value_or(""), target)) {
            all.push_back(std::move(*noted));
        }
    }
    return std::optional{std::move(all)};
}

Fact<DefaultNetwork> read_default_network(const Root& root)
{
    const auto text = root.read("etc/libvirt/qemu/networks/default.xml");
    if (!text) {
        return text.error();
    }
    auto network = *text ? parse_network(**text) : std::nullopt;
    if (network) {
        find_clash(parse_routes(text_or_nothing(root, "proc/net/route")), *network);
    }
    return network;
}

/// What capture.json says is better than what files beside it do not say.
template <class T>
void take(Fact<T>& fact, Fact<T> read, bool live)
{
    if (live || (fact && !*fact)) {
        fact = std::move(read);
    }
}

}  // namespace

void read_libvirt_files(const Root& root, const std::string& target, LibvirtFacts& libvirt)
{
    libvirt.conf = read_conf(root);
    if (!libvirt.installed()) {
        return;
    }
    const bool live = root.is_this_host();
    take(libvirt.version, read_version(root, target), live);
    take(libvirt.noted, read_noted(root, target), live);
    take(libvirt.default_network, read_default_network(root), live);
}

}  // namespace kvmkit
