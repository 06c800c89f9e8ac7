// SPDX-License-Identifier: Apache-2.0
// Anything that dnf, dnf5, zypper, pacman, rpm and apk may print or keep: read to its end, progress stays within its
// bounds, and what comes and goes has a name.
#include "setup/apk_database.hpp"
#include "setup/dnf_output.hpp"
#include "setup/package_size.hpp"
#include "setup/pacman_conflicts.hpp"
#include "setup/rpm.hpp"
#include "setup/zypper_output.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace kvmkit::setup;

void demand(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

void check(const std::optional<PackageProgress>& progress)
{
    demand(!progress || (progress->percent >= 0 && progress->percent <= 100));
}

void check(const std::optional<Price>& price)
{
    demand(!price ||
           std::ranges::none_of(price->install, [](const PlannedPackage& each) { return each.name.empty(); }));
}

void check_pacman(std::string_view text)
{
    const auto packages = read_pacman_packages(text);
    const auto by_text = [](const std::string& one, const std::string& other) { return one.compare(other); };
    demand(packages_to_go(packages, packages, by_text).empty());  // each is its own newer version
    for (const PacmanPackage& package : packages) {
        demand(satisfies(package, package.name, by_text) || package.name.find_first_of("<>=") != std::string::npos);
    }
    (void)read_pacman_targets(text);
    (void)read_pacman_dependants(text);
    (void)read_pacnew(text);
    (void)pacman_reasons(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    check(read_dnf_transaction(text));
    check(read_dnf5_transaction(text));
    check(read_zypper_summary(text));
    PacmanProgressReader pacman;
    for (const auto line : kvmkit::lines(text)) {
        check(read_dnf_progress(line));
        check(read_dnf5_progress(line));
        check(read_zypper_progress(line));
        check(pacman.read(line));
        (void)read_binary_size(line);
        (void)read_dnf_size(line);
    }
    (void)read_dnf_candidates(text);
    (void)read_dnf_problems(text);
    (void)read_failed_scripts(text);
    (void)read_zypper_candidates(text);
    (void)read_zypper_conflicts(text);
    (void)read_zypper_problems(text);
    (void)read_rpm_list(text, "x86_64");
    (void)read_apk_list(text, "x86_64");
    check_pacman(text);
    return 0;
}
