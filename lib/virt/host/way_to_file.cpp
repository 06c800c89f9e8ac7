// SPDX-License-Identifier: Apache-2.0
#include "virt/host/way_to_file.hpp"

#include "virt/host/internal/qemu_user.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

namespace kvmkit::virt {
namespace {

/// What the mode bits say. An access list may say more: then libvirt is to try.
bool may_pass(const QemuUser& user, const std::vector<gid_t>& groups, const std::filesystem::path& folder)
{
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0 || user.uid == 0 ||
        ::getxattr(folder.c_str(), "system.posix_acl_access", nullptr, 0) > 0) {
        return true;
    }
    const bool in_group = std::ranges::find(groups, status.st_gid) != groups.end();
    const mode_t bit = status.st_uid == user.uid ? S_IXUSR : in_group ? S_IXGRP : S_IXOTH;
    return (status.st_mode & bit) != 0;
}

}  // namespace

Result<void> check_way_to(const QemuUser& user, const std::filesystem::path& file)
{
    std::error_code problem;
    const auto real = std::filesystem::weakly_canonical(file, problem);
    const auto groups = groups_of(user);
    std::filesystem::path passed = "/";
    for (const auto& part : (problem ? file : real).parent_path().relative_path()) {
        passed /= part;
        if (!may_pass(user, groups, passed)) {
            Error error = kept_out(user, file, passed, EACCES);
            error.hint = "use --connect qemu:///session, where QEMU runs as you, or run vm-run as root";
            return error;
        }
    }
    return {};
}

}  // namespace kvmkit::virt
