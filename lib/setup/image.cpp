// SPDX-License-Identifier: Apache-2.0
#include "setup/image.hpp"

#include "base/text.hpp"
#include "setup/distribution.hpp"
#include "setup/installer.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"
#include "system/small_files.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

struct stat status_of(const std::string& path)
{
    struct stat found {};
    (void)::stat(path.c_str(), &found);
    return found;
}

bool same_folder(const struct stat& one, const struct stat& other)
{
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/// The machine that a program is for, as its ELF header has it; absent: it is none.
std::optional<unsigned> machine_of(int fd)
{
    std::array<unsigned char, 20> header{};
    constexpr std::size_t at = 18;
    const bool whole = ::pread(fd, header.data(), header.size(), 0) == static_cast<ssize_t>(header.size());
    if (!whole || std::memcmp(header.data(), ELFMAG, SELFMAG) != 0) {
        return std::nullopt;
    }
    const bool little = header[EI_DATA] == ELFDATA2LSB;
    return little ? header[at] | (static_cast<unsigned>(header[at + 1]) << 8U)
                  : header[at + 1] | (static_cast<unsigned>(header[at]) << 8U);
}

std::string machine_text(unsigned machine)
{
    struct Name {
        unsigned machine;
        const char* name;
    };
    constexpr std::array names{Name{EM_X86_64, "x86_64"},
                               Name{EM_386, "i386"},
                               Name{EM_AARCH64, "aarch64"},
                               Name{EM_ARM, "arm"},
                               Name{EM_PPC64, "ppc64"},
                               Name{EM_S390, "s390x"},
                               Name{EM_RISCV, "riscv"}};
    const auto* const found = std::ranges::find(names, machine, &Name::machine);
    return found != names.end() ? found->name : fmt::format("ELF {}", machine);
}

Result<void> check_runs_here(const Root& root, const std::string& name)
{
    const auto shell = root.open_file("bin/sh", Access::read_only);
    const auto theirs = shell && *shell ? machine_of((*shell)->get()) : std::nullopt;
    if (!theirs) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot enter image '{}': there is no /bin/sh in it that could be run", name),
                     "--root takes the top folder of an installed system"};
    }
    const UniqueFd own{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    const auto ours = own ? machine_of(own.get()) : std::nullopt;
    const bool runs = !ours || *ours == *theirs || (*ours == EM_X86_64 && *theirs == EM_386);
    if (runs) {
        return {};
    }
    return Error{ErrorCode::refused,
                 fmt::format("refused to enter image '{}': its programs are for {}, and this machine runs {}",
                             name,
                             machine_text(*theirs),
                             machine_text(*ours)),
                 fmt::format("do it on a machine of its kind; what would be done: host-setup plan --root {}", name)};
}

/// Whether that process is the first of a container.
bool is_first(const Root& host, const std::string& pid)
{
    const auto status = text_or_nothing(host, fmt::format("proc/{}/status", pid));
    for (const auto line : lines(status)) {
        if (line.starts_with("NSpid:")) {
            const auto numbers = words(line);
            return numbers.size() > 2 && numbers.back() == "1";
        }
    }
    return false;
}

/// Its programs must be run, and for a change its files written.
Result<void> check_mount(const UniqueFd& folder, const std::string& name, Visit visit)
{
    struct statvfs mount {};
    if (::fstatvfs(folder.get(), &mount) != 0) {
        return errno_error(errno, fmt::format("cannot look at the mount of image '{}'", name));
    }
    const bool closed = (mount.f_flag & ST_RDONLY) != 0 && visit == Visit::changes;
    if (closed || (mount.f_flag & ST_NOEXEC) != 0) {
        return Error{
            ErrorCode::refused,
            fmt::format("refused to enter image '{}': it is mounted {}", name, closed ? "read-only" : "noexec"),
            fmt::format("mount -o remount,{} {}", closed ? "rw" : "exec", shell_line({name}))};
    }
    return {};
}

/// What was booted from the folder has a package manager and services of its own.
Result<void> check_at_rest(const struct stat& folder, const std::string& name)
{
    const auto host = Root::open("/");
    const auto pids = host ? host->names("proc") : Fact<std::vector<std::string>>{std::nullopt};
    for (const std::string& pid : pids&&* pids ? **pids : std::vector<std::string>{}) {
        const bool number = pid.find_first_not_of("0123456789") == std::string::npos;
        if (number && same_folder(status_of(fmt::format("/proc/{}/root", pid)), folder) && is_first(*host, pid)) {
            return Error{
                ErrorCode::refused,
                fmt::format("refused to change image '{}': a container runs in it, of which pid {} is the first "
                            "process",
                            name,
                            pid),
                "stop it first, or run host-setup in it"};
        }
    }
    return {};
}

}  // namespace

Result<Image> open_image(const std::string& directory, Visit visit)
{
    UniqueFd folder{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    struct stat found {};
    if (!folder || ::fstat(folder.get(), &found) != 0) {
        return errno_error(errno, fmt::format("cannot open image '{}'", directory));
    }
    if (same_folder(found, status_of("/"))) {
        return Error{ErrorCode::usage,
                     fmt::format("--root {}: that is this host itself, not an image", directory),
                     "leave --root out"};
    }
    const auto root = Root::open(directory);
    if (!root) {
        return root.error();
    }
    if (!root->exists("etc/os-release") && !root->exists("usr/lib/os-release")) {
        return Error{
            ErrorCode::not_found,
            fmt::format("cannot enter image '{}': there is no system in it, as it has no os-release", directory),
            "--root takes the top folder of an installed system; of a disk image, that of its root partition, "
            "mounted"};
    }
    const auto distribution = detect_distribution(*root);
    auto sound = distribution ? check_tier(*distribution) : Result<void>{distribution.error()};
    sound = sound ? check_runs_here(*root, directory) : sound;
    sound = sound ? check_mount(folder, directory, visit) : sound;
    sound = sound && visit == Visit::changes ? check_at_rest(found, directory) : sound;
    if (!sound) {
        return std::move(sound).error();
    }
    return Image{std::move(folder), directory, fmt::format("lock.image-{}-{}", found.st_dev, found.st_ino)};
}

}  // namespace kvmkit::setup
