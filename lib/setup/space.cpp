// SPDX-License-Identifier: Apache-2.0
#include "setup/space.hpp"

#include "setup/installer.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <array>
#include <cerrno>
#include <map>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

struct Demand {
    std::filesystem::path directory;  ///< The first one seen on that file system.
    std::uint64_t bytes = 0;
};

/// Rolls the demands of one file system into one.
Result<void> add(std::map<dev_t, Demand>& demands, const std::filesystem::path& directory, Bytes size)
{
    struct stat found {};
    if (::stat(directory.c_str(), &found) != 0) {
        return errno == ENOENT ? Result<void>{}
                               : errno_error(errno, fmt::format("cannot look at '{}'", directory.string()));
    }
    auto& demand = demands.try_emplace(found.st_dev, Demand{directory, 0}).first->second;
    demand.bytes += size.count();
    return {};
}

Result<void> check(const Demand& demand)
{
    struct statvfs fs {};
    if (::statvfs(demand.directory.c_str(), &fs) != 0) {
        return errno_error(errno, fmt::format("cannot tell free space of '{}'", demand.directory.string()));
    }
    const auto free = static_cast<std::uint64_t>(fs.f_bavail) * fs.f_frsize;
    if (free >= demand.bytes) {
        return {};
    }
    return Error{ErrorCode::refused,
                 fmt::format("refused to install: '{}' needs {} and has {} free",
                             demand.directory.string(),
                             human(Bytes::of(demand.bytes)),
                             human(Bytes::of(free))),
                 "make room (apt-get clean, dnf clean packages, zypper clean or pacman -Sc empties the cache) and run "
                 "this again"};
}

/// dpkg and rpm find it out in the middle of their work, and leave packages half done.
Result<void> check_writable(const std::filesystem::path& directory)
{
    struct statvfs fs {};
    if (::statvfs(directory.c_str(), &fs) != 0 || (fs.f_flag & ST_RDONLY) == 0) {
        return {};  // what is not there is made
    }
    return Error{
        ErrorCode::refused,
        fmt::format("refused to install: '{}' is mounted read-only", directory.string()),
        fmt::format("mount -o remount,rw \"$(findmnt -no TARGET --target {})\"; where the system is meant to be "
                    "read-only, its own way to add packages",
                    directory.string())};
}

}  // namespace

const char* cache_of(Installer installer)
{
    return words_of(installer).cache;
}

Result<void> check_space(const std::filesystem::path& top, const Price& price, const char* cache)
{
    for (const char* path : {"etc", "usr", "var/lib", cache}) {
        if (auto writable = check_writable(top / path); !writable) {
            return writable;
        }
    }
    // Which share of a package goes where is not known before it is unpacked: /usr gets nearly all.
    const std::array<std::pair<const char*, Bytes>, 2> wanted{{{cache, price.download}, {"usr", price.disk}}};
    std::map<dev_t, Demand> demands;
    for (const auto& [path, size] : wanted) {
        if (auto added = add(demands, top / path, size); !added) {
            return added;
        }
    }
    for (const auto& [device, demand] : demands) {
        if (auto fits = check(demand); !fits) {
            return fits;
        }
    }
    return {};
}

}  // namespace kvmkit::setup
