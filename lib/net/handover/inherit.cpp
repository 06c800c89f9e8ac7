// SPDX-License-Identifier: Apache-2.0
#include "net/handover/inherit.hpp"

#include "base/unique_fd.hpp"
#include "system/files.hpp"

#include <fcntl.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

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
                               Setting{"ipv6", "forwarding"},
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

void write_to(const std::string& path, std::string_view value)
{
    const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    if (file) {
        (void)write_all(file.get(), value, path);
    }
}

/// The kernel throws away what routers told all links as soon as one of them begins to forward IPv6, but for links that
/// hear routers although they forward: while this lives, all who hear any say that they are of these.
class RoutersKept {
public:
    RoutersKept()
    {
        std::error_code none;
        std::filesystem::directory_iterator link{"/proc/sys/net/ipv6/conf", none};
        for (; !none && link != std::filesystem::directory_iterator{}; link.increment(none)) {
            const auto name = link->path().filename();
            const auto path = (link->path() / "accept_ra").string();
            if (name != "all" && name != "default" && value_of(path).starts_with(usual)) {
                write_to(path, "2");
                paths_.push_back(path);
            }
        }
    }
    RoutersKept(const RoutersKept&) = delete;
    RoutersKept& operator=(const RoutersKept&) = delete;
    ~RoutersKept()
    {
        for (const std::string& path : paths_) {
            write_to(path, usual);
        }
    }

private:
    static constexpr std::string_view usual = "1";
    std::vector<std::string> paths_ = {};
};

void give(const Setting& setting, const std::string& path, const std::string& value)
{
    const bool begins_to_forward = setting.family == "ipv6" && setting.name == "forwarding" && !value.starts_with('0');
    std::optional<RoutersKept> kept;
    if (begins_to_forward) {
        kept.emplace();
    }
    write_to(path, value);
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
        give(setting, path(to), wanted);
    }
}

}  // namespace kvmkit::net
