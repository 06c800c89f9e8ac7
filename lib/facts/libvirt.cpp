// SPDX-License-Identifier: Apache-2.0
#include "facts/libvirt.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "facts/ipv4_claim.hpp"
#include "facts/version.hpp"

#include <algorithm>
#include <bit>
#include <vector>

namespace kvmkit {
namespace {

std::string_view unquoted(std::string_view text)
{
    const auto quote = text.empty() ? ' ' : text.front();
    if (quote != '"' && quote != '\'') {
        return text;
    }
    return text.substr(1, text.find(quote, 1) - 1);
}

/// The line of etc/passwd that an account's name or number belongs to; a number may stand behind a '+', as qemu.conf
/// writes it.
std::optional<QemuAccount> find_account(std::string_view passwd, std::string_view account)
{
    const auto asked = decimal<unsigned>(account.starts_with('+') ? account.substr(1) : account);
    for (const auto line : lines(passwd)) {
        const auto fields = split(line, ':');
        const auto uid = fields.size() > 3 ? decimal<unsigned>(fields[2]) : std::nullopt;
        const auto gid = fields.size() > 3 ? decimal<unsigned>(fields[3]) : std::nullopt;
        if (uid && gid && (fields[0] == account || (asked && uid == asked))) {
            return QemuAccount{std::string{fields[0]}, *uid, {*gid}};
        }
    }
    return std::nullopt;
}

void join_groups(std::string_view group, QemuAccount& account)
{
    for (const auto line : lines(group)) {
        const auto fields = split(line, ':');
        const auto gid = fields.size() > 3 ? decimal<unsigned>(fields[2]) : std::nullopt;
        if (!gid) {
            continue;
        }
        for (const auto member : split(fields[3], ',')) {
            if (trim(member) == account.name) {
                account.gids.insert(*gid);
            }
        }
    }
}

/// The group that qemu.conf gives QEMU, by name or number.
std::optional<unsigned> configured_group(std::string_view name, std::string_view group)
{
    if (const auto gid = decimal<unsigned>(name.starts_with('+') ? name.substr(1) : name)) {
        return gid;
    }
    const auto found = find_group(group, name);
    return found ? std::optional{found->gid} : std::nullopt;
}

/// What stands between two marks; empty where one of them is missing. libvirt writes its files itself, always alike.
std::string_view between(std::string_view text, std::string_view before, std::string_view behind)
{
    const auto begin = text.find(before);
    if (begin == std::string_view::npos) {
        return {};
    }
    const auto rest = text.substr(begin + before.size());
    const auto end = rest.find(behind);
    return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
}

/// The value of an attribute in the text of a tag, in either kind of quotes.
std::string_view attribute(std::string_view tag, std::string_view name)
{
    for (const auto* quote : {"'", "\""}) {
        const auto value = between(tag, std::string{" "}.append(name).append("=").append(quote), quote);
        if (!value.empty()) {
            return value;
        }
    }
    return {};
}

/// The prefix of the network's address, written as a number or as a mask, or by the class of the address.
std::optional<unsigned> prefix_of(std::string_view tag)
{
    constexpr unsigned most = 32;
    if (const auto prefix = decimal<unsigned>(attribute(tag, "prefix"))) {
        return *prefix <= most ? prefix : std::nullopt;
    }
    const auto mask = parse_ipv4(attribute(tag, "netmask"));
    return mask ? std::optional{static_cast<unsigned>(std::countl_one(*mask))} : std::nullopt;
}

/// A network in private addresses that no route but the default one leads to.
std::optional<Ipv4Range> spare_beside(const std::vector<Ipv4Route>& routes)
{
    std::vector<Ipv4Range> taken;
    taken.reserve(routes.size());
    for (const Ipv4Route& route : routes) {
        if (route.range.prefix > 0) {
            taken.push_back(route.range);
        }
    }
    return spare_range(taken);
}

}  // namespace

std::string qemu_conf_value(std::string_view qemu_conf, std::string_view key)
{
    std::string value;
    for (const auto line : lines(qemu_conf)) {
        const auto equals = line.find('=');
        if (equals != std::string_view::npos && trim(line.substr(0, equals)) == key) {
            value = unquoted(trim(line.substr(equals + 1)));
        }
    }
    return value;
}

std::optional<QemuAccount> find_qemu_account(std::string_view qemu_conf,
                                             std::string_view passwd,
                                             std::string_view group)
{
    const std::string configured = qemu_conf_value(qemu_conf, "user");
    const auto candidates = configured.empty() ? std::vector<std::string_view>{"libvirt-qemu", "qemu"}
                                               : std::vector<std::string_view>{configured};
    for (const auto name : candidates) {
        auto account = find_account(passwd, name);
        if (!account) {
            continue;
        }
        join_groups(group, *account);
        if (const auto gid = configured_group(qemu_conf_value(qemu_conf, "group"), group)) {
            account->gids.insert(*gid);
        }
        return account;
    }
    return std::nullopt;
}

std::optional<NotedEmulator> parse_noted_emulator(std::string_view xml, std::string_view target)
{
    NotedEmulator noted;
    noted.emulator = between(xml, "<emulator>", "</emulator>");
    if (noted.emulator.empty() || between(xml, "<arch>", "</arch>") != target) {
        return std::nullopt;
    }
    noted.version = version_of_number(between(xml, "<version>", "</version>"));
    noted.kvm = xml.find("<flag name='kvm'/>") != std::string_view::npos;
    return noted;
}

std::optional<DefaultNetwork> parse_network(std::string_view xml)
{
    const auto comment = xml.find("-->");  // a comment of libvirt's stands above
    const auto body = comment == std::string_view::npos ? xml : xml.substr(comment);
    DefaultNetwork network;
    network.bridge = attribute(between(body, "<bridge", ">"), "name");
    const auto tag = between(body, "<ip", ">");
    const auto address = parse_ipv4(attribute(tag, "address"));
    const auto prefix = prefix_of(tag);
    if (network.bridge.empty() || !address || !prefix) {
        return std::nullopt;
    }
    network.range = range_around(*address, *prefix);
    return network;
}

void find_clash(const std::vector<Ipv4Route>& routes, DefaultNetwork& network)
{
    const auto found = std::ranges::find_if(routes, [&network](const Ipv4Route& route) {
        return route.device != network.bridge && network.range.holds(route.range);
    });
    if (found != routes.end()) {
        network.clash = *found;
        network.spare = spare_beside(routes);
    }
}

}  // namespace kvmkit
