// SPDX-License-Identifier: Apache-2.0
#include "virt/host/disk_probe.hpp"

#include "base/result.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "facts/version.hpp"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace kvmkit::virt {
namespace {

std::string error_text(int errnum)
{
    return std::error_code{errnum, std::generic_category()}.message();
}

std::string direct_problem(std::filesystem::path place)
{
    std::error_code problem;
    if (std::filesystem::is_regular_file(place, problem)) {
        const UniqueFd fd{::open(place.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC)};
        return fd ? std::string{} : error_text(errno);
    }
    while (!std::filesystem::is_directory(place, problem) && place.has_relative_path()) {
        place = place.parent_path();
    }
    const UniqueFd fd{::open(place.c_str(), O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600)};
    return fd ? std::string{} : error_text(errno);
}

/// Older kernels count a ring as locked memory, of which QEMU may have next to none.
bool too_old(std::string_view release)
{
    const auto version = parse_version(release.substr(0, release.find_first_not_of("0123456789.")));
    return version && *version < Version{5, 12};
}

std::string io_uring_problem(const Root& root)
{
    const auto disabled = root.read("proc/sys/kernel/io_uring_disabled");
    if (disabled && *disabled && trim(**disabled) != "0") {
        return "sysctl kernel.io_uring_disabled is " + std::string{trim(**disabled)};
    }
    const auto release = root.read("proc/sys/kernel/osrelease");
    if (release && *release && too_old(trim(**release))) {
        return "the kernel is older than 5.12";
    }
    io_uring_params parameters{};
    const UniqueFd ring{static_cast<int>(::syscall(SYS_io_uring_setup, 4, &parameters))};
    return ring ? std::string{} : error_text(errno);
}

}  // namespace

DiskFacts probe_disk_place(const Root& root, const std::filesystem::path& folder_or_file)
{
    return {.on_this_host = true,
            .direct_problem = direct_problem(folder_or_file),
            .io_uring_problem = io_uring_problem(root)};
}

}  // namespace kvmkit::virt
