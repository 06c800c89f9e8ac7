// SPDX-License-Identifier: Apache-2.0
#include "net/owner/dhcp_clients.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "system/files.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr std::array<std::string_view, 3> programs{"dhclient", "dhcpcd", "udhcpc"};
constexpr std::size_t enough = 65536;

std::string content(const std::filesystem::path& path)
{
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    return file ? read_all(file.get(), path.string(), enough).value_or("") : "";
}

std::vector<std::string> words_of(const std::string& command_line)
{
    std::vector<std::string> words;
    std::size_t start = 0;
    while (start < command_line.size()) {
        const auto end = std::min(command_line.find('\0', start), command_line.size());
        words.push_back(command_line.substr(start, end - start));
        start = end + 1;
    }
    return words;
}

pid_t pid_of(const std::filesystem::path& folder)
{
    const std::string name = folder.filename();
    pid_t pid = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
    return read.ec == std::errc{} && read.ptr == name.data() + name.size() ? pid : 0;
}

/// One that names no link at all looks after every link.
bool is_for(const std::vector<std::string>& words, const LinkName& link)
{
    return std::ranges::find(words, link.str()) != words.end() ||
           std::ranges::any_of(words, [&link](const std::string& word) { return word == "-i" + link.str(); });
}

void find_processes(const LinkName& link, const DhcpPlaces& places, std::vector<DhcpClient>& found)
{
    std::error_code problem;
    for (const auto& entry : std::filesystem::directory_iterator{places.root / "proc", problem}) {
        const pid_t pid = pid_of(entry.path());
        if (pid == 0) {
            continue;
        }
        const auto words = words_of(content(entry.path() / "cmdline"));
        const std::string program = words.empty() ? "" : std::filesystem::path{words.front()}.filename().string();
        if (std::ranges::find(programs, program) == programs.end() || !is_for(words, link)) {
            continue;
        }
        std::error_code unreadable;
        const auto space = std::filesystem::read_symlink(entry.path() / "ns/net", unreadable).string();
        if (places.own_namespace.empty() || unreadable || space == places.own_namespace) {
            found.push_back({program, pid});
        }
    }
}

/// The services look after the links of the namespace that they run in: that of process 1.
bool services_are_here(const DhcpPlaces& places)
{
    std::error_code unreadable;
    const auto space = std::filesystem::read_symlink(places.root / "proc/1/ns/net", unreadable).string();
    return places.own_namespace.empty() || (!unreadable && space == places.own_namespace);
}

/// It manages links with fixed addresses, too: the lease of the profile that is active tells.
bool network_manager_has_lease(const LinkName& link, int index, const DhcpPlaces& places)
{
    constexpr std::string_view key = "\nconnection-uuid=";
    const auto device = "\n" + content(places.root / fmt::format("run/NetworkManager/devices/{}", index));
    const auto start = device.find(key);
    if (start == std::string::npos) {
        return false;
    }
    const auto end = device.find('\n', start + key.size());
    const auto profile = device.substr(start + key.size(), end - start - key.size());
    return std::ranges::any_of(std::array{"internal", "dhclient", "dhcpcd"}, [&](const char* program) {
        const auto file = fmt::format("var/lib/NetworkManager/{}-{}-{}.lease", program, profile, link.str());
        return !content(places.root / file).empty();
    });
}

}  // namespace

std::string own_network_namespace()
{
    std::error_code unreadable;
    return std::filesystem::read_symlink("/proc/thread-self/ns/net", unreadable).string();
}

std::vector<DhcpClient> dhcp_clients_of(const LinkName& link, int index, const DhcpPlaces& places)
{
    std::vector<DhcpClient> found;
    find_processes(link, places, found);
    std::ranges::sort(found, {}, &DhcpClient::pid);
    if (!services_are_here(places)) {
        return found;
    }
    const auto lease = content(places.root / fmt::format("run/systemd/netif/leases/{}", index));
    if (lease.find("ADDRESS=") != std::string::npos) {
        found.push_back({"systemd-networkd"});
    }
    if (network_manager_has_lease(link, index, places)) {
        found.push_back({"NetworkManager"});
    }
    return found;
}

namespace {

/// What a client does of itself after the switch, and how its lease gets to another link. In the texts {0} stands for
/// the pid, {1} for the link that the lease came in on, {2} for the one that it is to go to.
struct Habit {
    std::string_view program;
    std::string_view of_itself;
    std::string_view command;
    std::string_view meanwhile;
};
constexpr std::array habits{
    Habit{"dhclient",
          "at half of the lease's time it renews it and puts the address back on {1}",
          "kill {0}; dhclient {2}",
          "it ends without giving the lease back; the new one asks by the same MAC and is given the same address, "
          "which stays on {2} all the time"},
    Habit{"udhcpc",
          "at half of the lease's time it renews it and puts the address back on {1}",
          "kill {0}; udhcpc -i {2}",
          "without -R it ends without giving the lease back; the new one takes all addresses off {2} until it has the "
          "lease, a second or two, so do it from the console or in one line"},
    Habit{"dhcpcd",
          "it takes its routes off {1} when it ends, and puts the address back there when it renews the lease",
          "dhcpcd --persistent --exit {1}; dhcpcd {2}",
          "--persistent leaves the settings; write 'denyinterfaces {1}' into dhcpcd.conf, or it looks after {1} again "
          "at the next boot"}};

}  // namespace

std::string takeover_command(const DhcpClient& client, const LinkName& from, const LinkName& to)
{
    const auto habit = std::ranges::find(habits, std::string_view{client.program}, &Habit::program);
    return client.pid == 0 || habit == habits.end()
               ? std::string{}
               : fmt::format(fmt::runtime(habit->command), client.pid, from.str(), to.str());
}

std::string sentence_about(const DhcpClient& client, const LinkName& from, const LinkName& to)
{
    const auto habit = std::ranges::find(habits, std::string_view{client.program}, &Habit::program);
    if (client.pid != 0 && habit != habits.end()) {
        const auto told = [&](std::string_view text) {
            return fmt::format(fmt::runtime(text), client.pid, from.str(), to.str());
        };
        return fmt::format(
            "{0} (pid {1}) looks after {2}: the address moves with what is left of its lease's time, but {3}. "
            "Before that: {4} ({5})",
            client.program,
            client.pid,
            from.str(),
            told(habit->of_itself),
            told(habit->command),
            told(habit->meanwhile));
    }
    return fmt::format(
        "{0} looks after {1}: the address moves with what is left of its lease's time, but {0} may put it back on {1} "
        "when it renews the lease or is restarted. Describe {2} in its configuration, with {1} as its port, before "
        "that",
        client.program,
        from.str(),
        to.str());
}

}  // namespace kvmkit::net
