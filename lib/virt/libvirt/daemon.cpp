// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/daemon.hpp"

#include "base/unique_fd.hpp"
#include "virt/libvirt/connection.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace kvmkit::virt {
namespace {

constexpr std::string_view system_uri = "qemu:///system";
constexpr std::string_view session_uri = "qemu:///session";

/// The folder that a variable names, or one below the home; empty: neither is set.
std::filesystem::path user_folder(const char* name, const char* below_home)
{
    const auto variable = [](const char* wanted) {
        const char* value = std::getenv(wanted);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
        return value != nullptr && *value == '/' ? std::filesystem::path{value} : std::filesystem::path{};
    };
    const auto home = variable("HOME");
    const auto given = variable(name);
    return !given.empty() || home.empty() ? given : home / below_home;
}

/// The daemon holds a lock on its pid file as long as it lives.
bool is_locked(const std::filesystem::path& pid_file)
{
    const UniqueFd fd{::open(pid_file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct flock wanted {};
    wanted.l_type = F_WRLCK;
    wanted.l_whence = SEEK_SET;
    return fd && ::fcntl(fd.get(), F_GETLK, &wanted) == 0 && wanted.l_type != F_UNLCK;
}

}  // namespace

bool answers_unstarted(const std::string& uri)
{
    const bool names_socket = leads_to_this_host(uri) && uri.find("?socket=") != std::string::npos;
    if (uri.starts_with("test:///") || names_socket) {
        return true;
    }
    if (uri != system_uri && uri != session_uri) {
        return false;
    }
    const auto folder =
        uri == system_uri ? std::filesystem::path{"/run"} : user_folder("XDG_RUNTIME_DIR", ".cache") / "libvirt";
    return std::ranges::any_of(std::array{"virtqemud.pid", "libvirtd.pid"},
                               [&folder](const char* name) { return is_locked(folder / name); });
}

std::vector<std::string> names_in_files(const std::string& uri)
{
    const auto folder = uri == system_uri    ? std::filesystem::path{"/etc"}
                        : uri == session_uri ? user_folder("XDG_CONFIG_HOME", ".config")
                                             : std::filesystem::path{};
    std::vector<std::string> names;
    std::error_code unreadable;
    for (std::filesystem::directory_iterator file{folder / "libvirt/qemu", unreadable}, end; !unreadable && file != end;
         file.increment(unreadable)) {
        if (file->path().extension() == ".xml") {
            names.push_back(file->path().stem().string());
        }
    }
    return names;
}

}  // namespace kvmkit::virt
