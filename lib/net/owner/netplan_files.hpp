// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"
#include "net/state/tree.hpp"
#include "system/root.hpp"

#include <string>
#include <vector>

namespace kvmkit::net {

/// What one of netplan's files says of one id.
struct NetplanStanza {
    std::string file;     ///< "etc/netplan/50-cloud-init.yaml"
    std::string section;  ///< "ethernets", "bridges"
    std::string id;       ///< The link's name, unless `match` says otherwise.
    Node node = {};

    /// Whether it is about that link: by its id, or by what `match` and `set-name` say.
    [[nodiscard]] bool is_about(const Link& link) const;
};

/// What netplan reads, in its order: later ones win key by key, but lists are added up.
struct NetplanFiles {
    std::vector<NetplanStanza> stanzas = {};
    std::vector<std::string> unreadable = {};  ///< Paths of files that are no YAML.
};

NetplanFiles netplan_files(const Root& root);

}  // namespace kvmkit::net
