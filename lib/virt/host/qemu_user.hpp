// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// The user that libvirt runs QEMU as.
struct QemuUser {
    uid_t uid = 0;
    gid_t gid = 0;
};

/// Reads the user from a driver's capabilities; absent where QEMU runs as the caller.
std::optional<QemuUser> qemu_user_in(std::string_view capabilities_xml);

/// Whether a security module (AppArmor, SELinux) confines QEMU. It judges by path: a descriptor without one is at risk.
bool is_confined(std::string_view capabilities_xml);

/// "libvirt-qemu", or the number where the user has no name.
std::string name_of(const QemuUser& user);

enum class Reach { usable, hidden_file };
enum class Need { read, write };

/// Whether that user can read a file, or read and write it; permission names the first directory on the way that keeps
/// it out. The kernel itself is asked, in a thread that has the user's rights, so groups and access lists count. Needs
/// root.
Result<Reach> reach_of(const QemuUser& user, const std::filesystem::path& file, Need need = Need::read);

}  // namespace kvmkit::virt
