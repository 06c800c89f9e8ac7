// SPDX-License-Identifier: Apache-2.0
#include "net/resolver/resolver.hpp"

#include "base/text.hpp"
#include "net/model/address.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

const std::string path = "etc/resolv.conf";

/// Who keeps the file, by where a link leads or by what its head says, in small letters.
struct KeeperRow {
    std::string_view mark;
    std::string_view keeper;
};
constexpr std::array by_target{KeeperRow{"systemd/resolve", "systemd-resolved"},
                               KeeperRow{"resolvconf/", "resolvconf"},
                               KeeperRow{"networkmanager/", "NetworkManager"},
                               KeeperRow{"netconfig/", "netconfig"}};
constexpr std::array by_head{KeeperRow{"networkmanager", "NetworkManager"},
                             KeeperRow{"systemd-resolved", "systemd-resolved"},
                             KeeperRow{"resolvconf", "resolvconf"},
                             KeeperRow{"dhclient", "dhclient"},
                             KeeperRow{"dhcpcd", "dhcpcd"},
                             KeeperRow{"udhcpc", "udhcpc"},
                             KeeperRow{"netconfig", "netconfig"},
                             KeeperRow{"connman", "ConnMan"},
                             KeeperRow{"wsl.conf", "WSL"},
                             KeeperRow{"docker", "Docker"},
                             KeeperRow{"podman", "Podman"}};

std::string small(std::string_view text)
{
    std::string lower{text};
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower;
}

template <class Rows>
std::string_view keeper_in(const Rows& rows, std::string_view text)
{
    const auto lower = small(text);
    const auto row = std::ranges::find_if(
        rows, [&lower](const KeeperRow& one) { return lower.find(one.mark) != std::string::npos; });
    return row != rows.end() ? row->keeper : std::string_view{};
}

bool is_comment(std::string_view line)
{
    const auto first = line.find_first_not_of(" \t");
    return first != std::string_view::npos && (line[first] == '#' || line[first] == ';');
}

/// A comment that says that a program made the file, or wants to keep it.
bool tells_of_program(std::string_view line)
{
    const auto lower = small(line);
    constexpr std::array marks{"generated", "managed by", "do not edit", "created by", "overwritten"};
    return is_comment(line) &&
           std::ranges::any_of(marks, [&lower](const char* mark) { return lower.find(mark) != std::string::npos; });
}

void find_keeper(ResolverState& state, const std::string& target)
{
    if (!target.empty()) {
        const auto known = keeper_in(by_target, target);
        state.keeper = known.empty() ? "another program" : known;
        state.evidence = fmt::format("/{} leads to {}", path, target);
        return;
    }
    const std::string text = state.bytes.value_or("");
    for (const std::string_view line : lines(text)) {
        if (tells_of_program(line)) {
            const auto known = keeper_in(by_head, line);
            state.keeper = known.empty() ? "another program" : known;
            state.evidence = fmt::format("/{} says '{}'", path, line.substr(line.find_first_not_of(" \t#;")));
            return;
        }
    }
}

/// An address in its one spelling; a zone stays behind it.
std::string canonical(const std::string& server)
{
    const auto zone = std::min(server.find('%'), server.size());
    const auto address = IpAddress::parse(server.substr(0, zone));
    return address ? address->str() + server.substr(zone) : server;
}

std::vector<std::string> canonical(const std::vector<std::string>& servers)
{
    std::vector<std::string> texts(servers.size());
    std::ranges::transform(servers, texts.begin(), [](const std::string& server) { return canonical(server); });
    return texts;
}

/// The command that sets them through their keeper; empty where that is a matter of its files.
std::string advice(const ResolverState& state, const DesiredResolver& wanted)
{
    const auto servers = fmt::format("{}", fmt::join(wanted.servers, " "));
    const auto search = fmt::format("{}", fmt::join(wanted.search, " "));
    if (state.keeper == "systemd-resolved") {
        return fmt::format(
            "resolvectl dns LINK {0} && resolvectl domain LINK {1}, or DNS={0} in "
            "/etc/systemd/resolved.conf.d",
            servers,
            search.empty() ? "''" : search);
    }
    if (state.keeper == "NetworkManager") {
        return fmt::format("nmcli connection modify CONNECTION ipv4.dns '{}' ipv4.dns-search '{}'", servers, search);
    }
    return "set them there, and leave dns-resolver out";
}

}  // namespace

DesiredResolver parse_resolver(std::string_view text)
{
    DesiredResolver resolver;
    for (const std::string_view line : lines(text)) {
        const auto parts = words(line);
        if (parts.size() < 2 || is_comment(line)) {
            continue;
        }
        if (parts[0] == "nameserver") {
            resolver.servers.emplace_back(parts[1]);
        } else if (parts[0] == "search" || parts[0] == "domain") {
            resolver.search.assign(parts.begin() + 1, parts.end());
        } else if (parts[0] == "options") {
            resolver.options.insert(resolver.options.end(), parts.begin() + 1, parts.end());
        }
    }
    return resolver;
}

ResolverState read_resolver(const Root& root)
{
    ResolverState state;
    const auto text = root.read(path);
    if (text && *text) {
        state.bytes = **text;
        state.now = parse_resolver(**text);
    }
    const auto target = root.link_target(path);
    find_keeper(state, target && *target ? **target : std::string{});
    if (!text && state.keeper.empty()) {
        state.keeper = "another program";
        state.evidence = text.error().message;
    }
    return state;
}

bool same_resolver(const DesiredResolver& one, const DesiredResolver& other)
{
    return canonical(one.servers) == canonical(other.servers) && one.search == other.search &&
           one.options == other.options;
}

std::string resolver_text(std::string_view old, const DesiredResolver& wanted)
{
    constexpr std::array<std::string_view, 4> ours{"nameserver", "search", "domain", "options"};
    std::string text;
    for (const std::string_view line : lines(old)) {
        const auto parts = words(line);
        if (parts.empty() || is_comment(line) || std::ranges::find(ours, parts[0]) == ours.end()) {
            text += fmt::format("{}\n", line);
        }
    }
    if (!wanted.search.empty()) {
        text += fmt::format("search {}\n", fmt::join(wanted.search, " "));
    }
    for (const std::string& server : wanted.servers) {
        text += fmt::format("nameserver {}\n", server);
    }
    if (!wanted.options.empty()) {
        text += fmt::format("options {}\n", fmt::join(wanted.options, " "));
    }
    return text;
}

std::optional<Error> resolver_refusal(const ResolverState& state, const DesiredResolver& wanted)
{
    if (state.keeper.empty()) {
        return std::nullopt;
    }
    return Error{ErrorCode::refused,
                 fmt::format("cannot set the name servers: {} keeps them ({})", state.keeper, state.evidence),
                 advice(state, wanted)};
}

}  // namespace kvmkit::net
