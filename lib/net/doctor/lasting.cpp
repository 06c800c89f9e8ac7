// SPDX-License-Identifier: Apache-2.0
#include "net/doctor/lasting.hpp"

#include "base/shell.hpp"
#include "system/runner.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

/// One command, so that sudo before it is enough.
std::string write_file(const std::string& folder, const std::string& name, const std::string& line)
{
    const auto write =
        fmt::format(R"(mkdir -p {0} && printf %s\\n {1} > {0}/{2})", folder, shell_word(line), shell_word(name));
    return shell_line({"sh", "-c", write});
}

std::string write_rule(const std::string& about, const std::string& rule)
{
    return write_file("/etc/udev/rules.d", fmt::format("90-kvmkit-{}.rules", about), rule);
}

}  // namespace

std::string keep_link(const std::string& link)
{
    return shell_line({"net-setup", "persist", link});
}

std::string keep_sysctl(const std::string& about, const std::string& path, unsigned value)
{
    return write_file("/etc/sysctl.d", fmt::format("zz-kvmkit-{}.conf", about), fmt::format("{}={}", path, value));
}

std::vector<std::string> keep_by_udev(const std::string& about,
                                      const std::string& link,
                                      std::initializer_list<std::string> argv)
{
    if (!is_plain_word(link) || link.find('%') != std::string::npos) {
        return {};
    }
    // A card that udev renames appears by its new name with the second event.
    return {write_rule(
        about,
        fmt::format(R"(ACTION=="add|move", SUBSYSTEM=="net", KERNEL=="{}", RUN+="{}")", link, fmt::join(argv, " ")))};
}

std::string keep_bridge_settings(const std::string& systemd_sysctl)
{
    return write_rule("br_netfilter",
                      fmt::format(R"(ACTION=="add", SUBSYSTEM=="module", KERNEL=="br_netfilter", )"
                                  R"(RUN+="{} --prefix=/net/bridge")",
                                  systemd_sysctl));
}

}  // namespace kvmkit::net
