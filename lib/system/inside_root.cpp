// SPDX-License-Identifier: Apache-2.0
#include "system/internal/inside_root.hpp"

#include "system/files.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr unsigned long harmless = MS_NOSUID | MS_NOEXEC | MS_NODEV;

/// What is taken along from outside.
struct Luggage {
    UniqueFd sys;
    std::vector<std::pair<std::string, UniqueFd>> nodes;
    std::optional<std::string> resolver;
};

std::optional<std::string> small_text(const char* path)
{
    const UniqueFd file{::open(path, O_RDONLY | O_CLOEXEC)};
    auto text = file ? read_all(file.get(), path, 65536) : Result<std::string>{Error{}};
    return text ? std::optional{std::move(*text)} : std::nullopt;
}

Luggage pack()
{
    Luggage luggage{
        .sys = UniqueFd{::open("/sys", O_PATH | O_CLOEXEC)}, .nodes = {}, .resolver = small_text("/etc/resolv.conf")};
    for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"}) {
        UniqueFd node{::open(fmt::format("/dev/{}", name).c_str(), O_PATH | O_CLOEXEC)};
        if (node) {
            luggage.nodes.emplace_back(name, std::move(node));
        }
    }
    return luggage;
}

std::string path_of(const UniqueFd& fd)
{
    return fmt::format("/proc/self/fd/{}", fd.get());
}

/// A real folder: a link could lead anywhere.
bool is_folder(const char* path)
{
    struct stat found {};
    return ::lstat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

bool bind(const UniqueFd& from, const std::string& to)
{
    return ::mount(path_of(from).c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

bool shut(const char* path)
{
    return ::mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | harmless, nullptr) == 0;
}

bool furnish_dev(const Luggage& luggage)
{
    if (::mount("dev", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=1m") != 0) {
        return false;
    }
    for (const auto& [name, node] : luggage.nodes) {
        const auto path = "/dev/" + name;
        const UniqueFd place{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666)};
        if (!place || !bind(node, path)) {
            return false;
        }
    }
    constexpr mode_t for_all = 01777;
    const bool linked = ::symlink("/proc/self/fd", "/dev/fd") == 0 && ::symlink("/proc/self/fd/0", "/dev/stdin") == 0 &&
                        ::symlink("/proc/self/fd/1", "/dev/stdout") == 0 &&
                        ::symlink("/proc/self/fd/2", "/dev/stderr") == 0;
    return linked && ::mkdir("/dev/shm", for_all) == 0 && ::chmod("/dev/shm", for_all) == 0;
}

bool furnish_run()
{
    constexpr mode_t for_all = 01777;
    return ::mount("run", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") == 0 &&
           ::mkdir("/run/lock", for_all) == 0 && ::chmod("/run/lock", for_all) == 0;
}

/// Programs inside find the machine's name servers where they look for them: over the image's own file, or where its
/// link leads in the empty /run. An image without either resolves no names.
void lend_resolver(const std::string& text)
{
    const char* const path = "/etc/resolv.conf";
    const std::string copy = "/run/kvmkit-resolv.conf";
    struct stat found {};
    if (::lstat(path, &found) != 0 || !write_atomically(copy, text, 0644)) {
        return;
    }
    if (S_ISREG(found.st_mode)) {
        const UniqueFd file{::open(copy.c_str(), O_PATH | O_CLOEXEC)};
        (void)(file && bind(file, path));
        return;
    }
    std::array<char, 512> target{};
    const auto length = ::readlink(path, target.data(), target.size());
    std::string_view to{target.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
    for (const std::string_view above : {"/etc/", "../"}) {
        to.remove_prefix(to.starts_with(above) ? above.size() : 0);
    }
    to.remove_prefix(to.starts_with('/') ? 1 : 0);
    if (to.starts_with("run/")) {
        const std::filesystem::path place = "/" + std::string{to};
        if (make_directories(place.parent_path(), 0755)) {
            (void)write_atomically(place, text, 0644);
        }
    }
}

/// The folder anew: what was opened before lies in the mounts of outside.
UniqueFd opened_here(const UniqueFd& folder, const std::string& name)
{
    struct stat before {};
    struct stat now {};
    UniqueFd here{::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    const bool same = here && ::fstat(folder.get(), &before) == 0 && ::fstat(here.get(), &now) == 0 &&
                      before.st_dev == now.st_dev && before.st_ino == now.st_ino;
    return same ? std::move(here) : UniqueFd{};
}

Error cannot(std::string_view what, const std::string& name)
{
    return errno_error(errno, fmt::format("cannot enter image '{}': {}", name, what));
}

}  // namespace

Result<void> go_inside(const UniqueFd& folder, const std::string& name)
{
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        return cannot("mounts of its own", name);
    }
    const Luggage luggage = pack();
    const UniqueFd here = opened_here(folder, name);
    if (!here) {
        return Error{ErrorCode::external,
                     fmt::format("cannot enter image '{}': another folder is there by now", name),
                     "run this again"};
    }
    if (::fchdir(here.get()) != 0 || ::chroot(".") != 0 || ::chdir("/") != 0) {
        return cannot("chroot", name);
    }
    for (const char* place : {"/proc", "/sys", "/dev", "/run"}) {
        if (!is_folder(place)) {
            return Error{ErrorCode::not_found,
                         fmt::format("cannot enter image '{}': it has no folder {}", name, place),
                         "--root takes the top folder of an installed system"};
        }
    }
    if (::mount("proc", "/proc", "proc", harmless, nullptr) != 0 || !bind(luggage.sys, "/sys") || !shut("/sys")) {
        return cannot("/proc and /sys", name);
    }
    if (!furnish_dev(luggage) || !furnish_run()) {
        return cannot("/dev and /run", name);
    }
    if (luggage.resolver) {
        lend_resolver(*luggage.resolver);
    }
    if (!shut("/proc")) {
        return cannot("/proc", name);
    }
    // NOLINTBEGIN(concurrency-mt-unsafe): one thread alone, as the header asks
    (void)::setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    (void)::setenv("HOME", "/root", 1);
    (void)::unsetenv("TMPDIR");
    // NOLINTEND(concurrency-mt-unsafe)
    (void)::umask(022);
    return {};
}

}  // namespace kvmkit
