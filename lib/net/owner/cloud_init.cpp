// SPDX-License-Identifier: Apache-2.0
#include "net/owner/cloud_init.hpp"

#include "net/state/yaml.hpp"
#include "system/small_files.hpp"

#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

bool disables_network(const std::string& text)
{
    Mistakes mistakes;
    const auto tree = read_yaml(text, mistakes);
    const Node* network = tree ? find(*tree, "network") : nullptr;
    const Node* config = network != nullptr ? find(*network, "config") : nullptr;
    return config != nullptr && config->text == "disabled";
}

bool is_disabled(const Root& root)
{
    const std::string folder = "etc/cloud/cloud.cfg.d";
    if (root.exists("etc/cloud/cloud-init.disabled") ||
        disables_network(text_or_nothing(root, "etc/cloud/cloud.cfg"))) {
        return true;
    }
    const auto names = root.names(folder);
    if (names && *names) {
        for (const std::string& name : **names) {
            if (name.ends_with(".cfg") && disables_network(text_or_nothing(root, fmt::format("{}/{}", folder, name)))) {
                return true;
            }
        }
    }
    return text_or_nothing(root, "proc/cmdline").find("network-config=disabled") != std::string::npos;
}

}  // namespace

std::optional<CloudInit> cloud_init(const Root& root)
{
    constexpr std::array<const char*, 3> written{
        "etc/netplan/50-cloud-init.yaml", "etc/network/interfaces.d/50-cloud-init", "etc/network/interfaces"};
    const bool installed = root.exists("etc/cloud/cloud.cfg") || root.exists("usr/bin/cloud-init");
    if (!installed || is_disabled(root)) {
        return std::nullopt;
    }
    for (const char* path : written) {
        if (text_or_nothing(root, path).find("cloud-init") != std::string::npos) {
            return CloudInit{std::string{"/"} + path + ": written by cloud-init"};
        }
    }
    return CloudInit{"/etc/cloud/cloud.cfg: cloud-init is installed, and nothing keeps it from the network"};
}

}  // namespace kvmkit::net
