// SPDX-License-Identifier: Apache-2.0
#include "facts/user.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

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
    const bool quoted =
        text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
    return quoted ? text.substr(1, text.size() - 2) : text;
}

bool is_member(std::string_view members, std::string_view name)
{
    const auto names = split(members, ',');
    return std::ranges::any_of(names, [name](std::string_view member) { return trim(member) == name; });
}

}  // namespace

std::optional<GroupFacts> find_group(std::string_view group_file, std::string_view name)
{
    for (const auto line : lines(group_file)) {
        const auto fields = split(line, ':');
        if (fields.size() < 4 || fields[0] != name) {
            continue;
        }
        const auto gid = number(fields[2]);
        if (!gid) {
            continue;
        }
        GroupFacts group{*gid, {}};
        for (const auto member : split(fields[3], ',')) {
            if (!trim(member).empty()) {
                group.members.emplace(trim(member));
            }
        }
        return group;
    }
    return std::nullopt;
}

std::string user_name(std::string_view passwd_file, unsigned uid)
{
    for (const auto line : lines(passwd_file)) {
        const auto fields = split(line, ':');
        if (fields.size() >= 3 && number(fields[2]) == uid) {
            return std::string{fields[0]};
        }
    }
    return fmt::format("{}", uid);
}

std::optional<UserFacts> find_user(std::string_view passwd_file, std::string_view group_file, std::string_view name)
{
    std::optional<UserFacts> user;
    for (const auto line : lines(passwd_file)) {
        const auto fields = split(line, ':');
        const auto uid = fields.size() >= 4 && fields[0] == name ? number(fields[2]) : std::nullopt;
        const auto gid = uid ? number(fields[3]) : std::nullopt;
        if (gid) {
            user = UserFacts{std::string{name}, *uid, {*gid}};
            break;
        }
    }
    for (const auto line : lines(user ? group_file : std::string_view{})) {
        const auto fields = split(line, ':');
        const auto gid = fields.size() >= 4 && is_member(fields[3], name) ? number(fields[2]) : std::nullopt;
        if (gid) {
            user->gids.insert(*gid);
        }
    }
    return user;
}

std::string os_release_value(std::string_view os_release, std::string_view key)
{
    for (const auto line : lines(os_release)) {
        const auto equals = line.find('=');
        if (equals != std::string_view::npos && trim(line.substr(0, equals)) == key) {
            return std::string{unquoted(trim(line.substr(equals + 1)))};
        }
    }
    return {};
}

}  // namespace kvmkit
