// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/workshop.hpp"

#include "system/files.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// The user that apt fetches as, read from the file: name services need shared objects. Absent: it has none.
uid_t fetching_user()
{
    std::ifstream passwd{"/etc/passwd"};
    for (std::string line; std::getline(passwd, line);) {
        if (line.starts_with("_apt:")) {
            const auto second = line.find(':', line.find(':') + 1);
            return static_cast<uid_t>(std::strtoul(line.c_str() + second + 1, nullptr, 10));
        }
    }
    return 0;
}

}  // namespace

Result<Workshop> Workshop::open(const std::filesystem::path& top, const std::string& name)
{
    std::error_code problem;
    if (::geteuid() != 0) {
        auto made = (std::filesystem::temp_directory_path(problem) / "kvmkit-XXXXXX").string();
        return ::mkdtemp(made.data()) != nullptr ? Result<Workshop>{Workshop{made}}
                                                 : errno_error(errno, fmt::format("cannot create '{}'", made));
    }
    const auto path = top / "var/cache/kvmkit" / name;
    std::filesystem::remove_all(path, problem);
    if (problem) {
        return errno_error(problem.value(), fmt::format("cannot empty '{}'", path.string()));
    }
    if (auto made = make_directories(path, 0755); !made) {
        return std::move(made).error();
    }
    return Workshop{path};
}

Result<std::filesystem::path> Workshop::folder(const std::string& name) const
{
    auto path = path_ / name;
    if (auto made = make_directories(path, 0755); !made) {
        return std::move(made).error();
    }
    if (const auto user = fetching_user();
        user != 0 && ::geteuid() == 0 && ::chown(path.c_str(), user, static_cast<gid_t>(-1)) != 0) {
        return errno_error(errno, fmt::format("cannot give '{}' to apt's user", path.string()));
    }
    return path;
}

Workshop::~Workshop()
{
    if (!path_.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
}

}  // namespace kvmkit::setup
