// SPDX-License-Identifier: Apache-2.0
#include "net/draw/tap_users.hpp"

#include "base/text.hpp"
#include "system/small_files.hpp"

#include <algorithm>
#include <charconv>

namespace kvmkit::net {
namespace {

/// The text behind "KEY=" up to the next comma, in an option like "tap,id=net0,ifname=vnet0".
std::string value_in(std::string_view option, std::string_view key)
{
    for (const auto part : split(option, ',')) {
        if (part.starts_with(key)) {
            return std::string{part.substr(key.size())};
        }
    }
    return {};
}

/// Of `-name web` and `-name guest=web,debug-threads=on`.
std::string vm_name(const std::vector<std::string_view>& words)
{
    const auto option = std::ranges::find(words, "-name");
    if (option == words.end() || option + 1 == words.end()) {
        return {};
    }
    const auto text = *(option + 1);
    const auto named = value_in(text, "guest=");
    return named.empty() ? std::string{text.substr(0, text.find(','))} : named;
}

void add_tap(std::vector<std::string>& taps, const std::string& tap)
{
    if (!tap.empty() && std::ranges::find(taps, tap) == taps.end()) {
        taps.push_back(tap);
    }
}

/// "iff:	vnet0" stands in what the kernel tells of a tap's descriptor.
void add_open_taps(std::vector<std::string>& taps, const Root& root, const std::string& process)
{
    const auto descriptors = root.names(process + "/fd");
    if (!descriptors || !*descriptors) {
        return;
    }
    for (const std::string& number : **descriptors) {
        std::string path = process;
        path.append("/fd/").append(number);
        const auto target = root.link_target(path);
        if (!target || *target != "/dev/net/tun") {
            continue;
        }
        path = process;
        path.append("/fdinfo/").append(number);
        const std::string told = text_or_nothing(root, path);
        for (const auto line : lines(told)) {
            if (line.starts_with("iff:")) {
                add_tap(taps, std::string{trim(line.substr(4))});
            }
        }
    }
}

bool is_elsewhere(const Root& root, const std::string& process, const std::string& own_namespace)
{
    const auto space = root.link_target(process + "/ns/net");
    return !own_namespace.empty() && space && *space && **space != own_namespace;
}

}  // namespace

std::vector<TapUser> tap_users(const Root& root, const std::string& own_namespace)
{
    std::vector<TapUser> users;
    const auto processes = root.names("proc");
    if (!processes || !*processes) {
        return users;
    }
    for (const std::string& name : **processes) {
        pid_t pid = 0;
        const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
        const std::string process = "proc/" + name;
        if (read.ec != std::errc{} || read.ptr != name.data() + name.size() ||
            is_elsewhere(root, process, own_namespace)) {
            continue;
        }
        const std::string command_line = text_or_nothing(root, process + "/cmdline");
        const auto words = split(command_line, '\0');
        std::vector<std::string> taps;
        add_open_taps(taps, root, process);
        for (const auto word : words) {
            add_tap(taps, value_in(word, "ifname="));
        }
        for (const std::string& tap : taps) {
            users.push_back({tap, vm_name(words), pid});
        }
    }
    std::ranges::stable_sort(users, {}, &TapUser::pid);
    return users;
}

}  // namespace kvmkit::net
