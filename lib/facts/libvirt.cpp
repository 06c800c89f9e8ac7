// SPDX-License-Identifier: Apache-2.0
#include "facts/libvirt.hpp"

#include "base/text.hpp"

#include <charconv>
#include <vector>

namespace kvmkit {
namespace {

std::optional<unsigned> number(std::string_view text)
{
    unsigned value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional{value} : std::nullopt;
}

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
    const auto asked = number(account.starts_with('+') ? account.substr(1) : account);
    for (const auto line : lines(passwd)) {
        const auto fields = split(line, ':');
        const auto uid = fields.size() > 3 ? number(fields[2]) : std::nullopt;
        const auto gid = fields.size() > 3 ? number(fields[3]) : std::nullopt;
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
        const auto gid = fields.size() > 3 ? number(fields[2]) : std::nullopt;
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
    if (const auto gid = number(name.starts_with('+') ? name.substr(1) : name)) {
        return gid;
    }
    const auto found = find_group(group, name);
    return found ? std::optional{found->gid} : std::nullopt;
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

}  // namespace kvmkit
