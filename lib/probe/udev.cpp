// SPDX-License-Identifier: Apache-2.0
#include "probe/udev.hpp"

#include <array>
#include <map>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// Where rules lie, the strongest first: of files with the same name, only one counts.
constexpr std::array folders{"etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"};

/// Path by file name, in the order in which udev reads them.
std::map<std::string, std::string> rule_files(const Root& root)
{
    std::map<std::string, std::string> files;
    for (const auto* folder : folders) {
        const auto names = root.names(folder);
        if (!names || !*names) {
            continue;
        }
        for (const auto& name : **names) {
            if (name.ends_with(".rules")) {
                files.emplace(name, fmt::format("{}/{}", folder, name));
            }
        }
    }
    return files;
}

}  // namespace

Fact<UdevNode> read_udev(const Root& root)
{
    if (!root.exists("run/udev/control")) {
        return std::optional<UdevNode>{};
    }
    UdevNode node;
    for (const auto& [name, path] : rule_files(root)) {
        const auto text = root.read(path);
        if (text && *text) {
            apply_udev_rules(**text, "kvm", node);
        }
    }
    const auto seat = root.read("run/systemd/seats/seat0");
    node.seat_user = seat && *seat ? seat_user(**seat) : std::nullopt;
    return node.ruled() ? std::optional{std::move(node)} : std::optional<UdevNode>{};
}

}  // namespace kvmkit
