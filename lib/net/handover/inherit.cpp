// SPDX-License-Identifier: Apache-2.0
#include "net/handover/inherit.hpp"

#include "base/unique_fd.hpp"
#include "system/files.hpp"

#include <fcntl.h>

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

struct Setting {
    std::string_view family;
    std::string_view name;
};

constexpr std::array inherited{Setting{"ipv4", "rp_filter"},
                               Setting{"ipv4", "forwarding"},
                               Setting{"ipv4", "arp_ignore"},
                               Setting{"ipv4", "arp_announce"},
                               Setting{"ipv4", "arp_filter"},
                               Setting{"ipv4", "accept_local"},
                               Setting{"ipv4", "src_valid_mark"},
                               Setting{"ipv4", "promote_secondaries"},
                               Setting{"ipv6", "accept_ra"},
                               Setting{"ipv6", "accept_ra_defrtr"},
                               Setting{"ipv6", "accept_ra_pinfo"},
                               Setting{"ipv6", "autoconf"},
                               Setting{"ipv6", "use_tempaddr"}};

std::string value_of(const std::string& path)
{
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    return file ? read_all(file.get(), path, 64).value_or("") : "";
}

}  // namespace

void inherit_settings(const std::string& from, const std::string& to)
{
    for (const Setting& setting : inherited) {
        const auto path = [&setting](const std::string& link) {
            return fmt::format("/proc/sys/net/{}/conf/{}/{}", setting.family, link, setting.name);
        };
        const auto wanted = value_of(path(from));
        if (wanted.empty() || wanted == value_of(path(to))) {
            continue;
        }
        const UniqueFd file{::open(path(to).c_str(), O_WRONLY | O_CLOEXEC)};
        if (file) {
            (void)write_all(file.get(), wanted, path(to));
        }
    }
}

}  // namespace kvmkit::net
