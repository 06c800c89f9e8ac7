// SPDX-License-Identifier: Apache-2.0
#include "net/doctor/lasting.hpp"

#include "base/shell.hpp"
#include "system/runner.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

std::string write_file(const std::string& path, const std::string& line)
{
    return fmt::format("{} > {}", shell_line({"printf", "%s\\n", line}), shell_line({path}));
}

std::string rules_file(const std::string& about)
{
    return fmt::format("/etc/udev/rules.d/90-kvmkit-{}.rules", about);
}

}  // namespace

std::string keep_link(const std::string& link)
{
    return shell_line({"net-setup", "persist", link});
}

std::string keep_sysctl(const std::string& about, const std::string& path, unsigned value)
{
    return write_file(fmt::format("/etc/sysctl.d/90-kvmkit-{}.conf", about), fmt::format("{}={}", path, value));
}

std::vector<std::string> keep_by_udev(const std::string& about,
                                      const std::string& link,
                                      std::initializer_list<std::string> argv)
{
    if (!is_plain_word(link) || link.find('%') != std::string::npos) {
        return {};
    }
    // A card that udev renames appears by its new name with the second event.
    return {write_file(
        rules_file(about),
        fmt::format(R"(ACTION=="add|move", SUBSYSTEM=="net", KERNEL=="{}", RUN+="{}")", link, fmt::join(argv, " ")))};
}

std::string keep_bridge_settings()
{
    return write_file(rules_file("br_netfilter"),
                      R"(ACTION=="add", SUBSYSTEM=="module", KERNEL=="br_netfilter", )"
                      R"(RUN+="/usr/lib/systemd/systemd-sysctl --prefix=/net/bridge")");
}

}  // namespace kvmkit::net
