// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/owner/manager.hpp"
#include "net/persist/profile.hpp"

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

/// A file as it is to be, below the host's root.
struct KeptFile {
    std::string path;  ///< "etc/systemd/network/10-net-setup-br0.network"
    std::string bytes;
    mode_t mode = 0644;
    bool is_link = false;  ///< A symbolic link to `bytes`.

    bool operator==(const KeptFile&) const = default;
};
using KeptFiles = std::vector<KeptFile>;

/// The files by which each manager brings the profile back at boot. The same profile gives the same bytes.
/// ErrorCode::unsupported names what the manager has no words for.
Result<KeptFiles> write_networkd(const Profile& profile);
Result<KeptFiles> write_netplan(const Profile& profile);
Result<KeptFiles> write_keyfiles(const Profile& profile);
/// ifupdown, or ifupdown2, which knows bridges that filter VLANs.
Result<KeptFiles> write_interfaces(const Profile& profile, Manager flavour);
/// The network scripts of Red Hat, and wicked of SUSE: the place of a file of the link's own is taken by ours.
Result<KeptFiles> write_ifcfg(const Profile& profile);
Result<KeptFiles> write_wicked(const Profile& profile);
/// Our own: a state file, which `state` is, and a unit that applies it at boot with `program`.
Result<KeptFiles> write_own(const Profile& profile, const std::string& state, const std::string& program);

/// First line of each file.
std::string head_line(const Profile& profile);
std::string head_line(const std::string& profile);

}  // namespace kvmkit::net
