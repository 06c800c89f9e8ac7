// SPDX-License-Identifier: Apache-2.0
#include "net/persist/own_files.hpp"

#include "net/persist/writers.hpp"
#include "system/small_files.hpp"

#include <array>

#include <fmt/format.h>

namespace kvmkit::net {

std::vector<std::string> own_files(const Root& root, const std::string& profile)
{
    constexpr std::array<std::string_view, 8> folders{"etc/systemd/network",
                                                      "etc/netplan",
                                                      "etc/NetworkManager/system-connections",
                                                      "etc/network/interfaces.d",
                                                      "etc/sysconfig/network-scripts",
                                                      "etc/sysconfig/network",
                                                      "etc/kvmkit/net-setup",
                                                      "etc/systemd/system"};
    const auto head = head_line(profile);
    std::vector<std::string> found;
    for (const std::string_view folder : folders) {
        const auto names = root.names(std::string{folder});
        for (const std::string& name : names&&* names ? **names : std::vector<std::string>{}) {
            const bool dropins = name.starts_with("10-netplan-") && name.ends_with(".d");
            auto path = fmt::format("{}/{}{}", folder, name, dropins ? "/kvmkit-net-setup.conf" : "");
            if (text_or_nothing(root, path).starts_with(head)) {
                found.push_back(std::move(path));
            }
        }
    }
    auto unit_link = fmt::format("etc/systemd/system/multi-user.target.wants/net-setup-apply-{}.service", profile);
    const auto target = root.link_target(unit_link);
    if (target && *target) {
        found.push_back(std::move(unit_link));
    }
    return found;
}

}  // namespace kvmkit::net
