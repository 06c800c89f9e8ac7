// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/names.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace kvmkit::net {

/// A program that holds a DHCP lease of a link, and will renew it there.
struct DhcpClient {
    std::string program;  ///< "dhclient", "systemd-networkd"
    pid_t pid = 0;        ///< 0: a service that looks after many links.

    bool operator==(const DhcpClient&) const = default;
};

/// Where to look. Tests put a recorded tree in the place of /.
struct DhcpPlaces {
    std::filesystem::path root = "/";
    std::string own_namespace = {};  ///< "net:[4026531840]": clients of others are left out; empty: all count.
};

/// dhclient, dhcpcd and udhcpc by their command lines; systemd-networkd and NetworkManager by their leases.
std::vector<DhcpClient> dhcp_clients_of(const LinkName& link, int index, const DhcpPlaces& places);

/// The network namespace of this thread as the kernel names it; empty if /proc does not say.
std::string own_network_namespace();

/// The command line that ends the client without giving the lease back and starts one on the other link; empty for
/// services, whose files decide.
std::string takeover_command(const DhcpClient& client, const LinkName& from, const LinkName& to);

/// What becomes of the client's lease once its address is on another link, and the command that helps.
std::string sentence_about(const DhcpClient& client, const LinkName& from, const LinkName& to);

}  // namespace kvmkit::net
