// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/driver_root.hpp"

#include "system/files.hpp"

#include <sys/stat.h>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::string_view embedded_prefix = "qemu:///embed?root=";

/// The embedded driver has no log daemon and must not change the owner of anybody's files. QEMU is confined by user and
/// seccomp alone: profiles of the system's security modules know nothing of these folders, and nobody would remove
/// control groups after a kill -9.
constexpr std::string_view driver_settings =
    "stdio_handler = \"file\"\n"
    "dynamic_ownership = 0\n"
    "remember_owner = 0\n"
    "security_driver = \"none\"\n"
    "cgroup_controllers = [ ]\n";

/// Whether we live in a chroot: our root is not the one that init sees. libvirt enters QEMU's mount namespace by
/// setns(2), which forgets a chroot, so that there it must not make one.
bool in_a_chroot(const Root& root)
{
    const auto ours = root.status(".");
    const auto inits = root.status("proc/1/root/.");
    const bool known = ours && *ours && inits && *inits;
    return !known || (*ours)->st_ino != (*inits)->st_ino || (*ours)->st_dev != (*inits)->st_dev;
}

}  // namespace

Result<void> make_driver_root(const std::filesystem::path& path, const Root& root)
{
    if (auto made = make_directories(path / "etc", 0755); !made) {
        return made;
    }
    std::string settings{driver_settings};
    settings += in_a_chroot(root) ? "namespaces = [ ]\n" : "";
    return write_atomically(path / "etc/qemu.conf", settings, 0644);
}

Result<void> remove_tree(const std::filesystem::path& path)
{
    std::error_code problem;
    std::filesystem::remove_all(path, problem);
    if (problem) {
        return errno_error(problem.value(), fmt::format("cannot remove directory '{}'", path.string()));
    }
    return {};
}

std::string embedded_uri(const std::filesystem::path& driver_root)
{
    return std::string{embedded_prefix} + driver_root.string();
}

std::optional<std::filesystem::path> driver_root_of(const std::string& uri)
{
    return uri.starts_with(embedded_prefix) ? std::optional<std::filesystem::path>{uri.substr(embedded_prefix.size())}
                                            : std::nullopt;
}

}  // namespace kvmkit::virt
