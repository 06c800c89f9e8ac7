// SPDX-License-Identifier: Apache-2.0
#include "virt/seed/ssh_files.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

/// ssh_config(5) takes a file name in double quotes, and '%' twice for one.
std::string quoted(const std::filesystem::path& path)
{
    std::string text = "\"";
    for (const char letter : path.string()) {
        text += letter == '%' ? std::string{"%%"} : std::string{letter};
    }
    return text + '"';
}

}  // namespace

std::string known_hosts_line(std::string_view uuid, std::string_view public_host_key)
{
    const auto parts = words(public_host_key);
    return parts.size() < 2 ? std::string{} : fmt::format("{} {} {}\n", uuid, parts[0], parts[1]);
}

std::string ssh_config(const Seed& seed, std::string_view uuid, const SeedPaths& paths)
{
    std::string text = fmt::format(
        "Host *\n"
        "  User {}\n"
        "  HostKeyAlias {}\n"
        "  UserKnownHostsFile {}\n"
        "  GlobalKnownHostsFile /dev/null\n"
        "  StrictHostKeyChecking yes\n"
        "  UpdateHostKeys no\n"
        "  CheckHostIP no\n"
        "  PasswordAuthentication no\n"
        "  ConnectTimeout 10\n"
        "  ServerAliveInterval 15\n"  // a VM whose power is cut sends no farewell
        "  ServerAliveCountMax 3\n",
        seed.user,
        uuid,
        quoted(paths.known_hosts()));
    if (seed.make_key) {
        text += fmt::format("  IdentityFile {}\n  IdentitiesOnly yes\n", quoted(paths.login_key()));
    }
    for (const auto& identity : seed.identities) {
        text += fmt::format("  IdentityFile {}\n", quoted(identity));
    }
    return text;
}

std::optional<std::string> user_in_ssh_config(std::string_view text)
{
    for (const auto line : lines(text)) {
        const auto parts = words(line);
        if (parts.size() == 2 && parts[0] == "User") {
            return std::string{parts[1]};
        }
    }
    return std::nullopt;
}

std::vector<std::string> ssh_command(const SeedPaths& paths,
                                     const std::string& vm_name,
                                     const SshHost& host,
                                     const std::vector<std::string>& command)
{
    std::vector<std::string> argv{"ssh",
                                  "-F",
                                  paths.ssh_config().string(),
                                  "-o",
                                  "HostName=" + host.address,
                                  "-o",
                                  fmt::format("Port={}", host.port),
                                  "--",
                                  vm_name};
    argv.insert(argv.end(), command.begin(), command.end());
    return argv;
}

}  // namespace kvmkit::virt
