// SPDX-License-Identifier: Apache-2.0
#include "facts/container.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace kvmkit {
namespace {

struct CgroupRow {
    std::string_view part;  ///< What a path in proc/self/cgroup holds.
    std::string_view type;
};

/// Only what a control group of the host itself never has; docker.service runs beside the containers.
constexpr std::array cgroup_rows{
    CgroupRow{"/kubepods", "kubernetes"},
    CgroupRow{"/docker/", "docker"},
    CgroupRow{"/docker-", "docker"},
    CgroupRow{"/libpod-", "podman"},
    CgroupRow{"/lxc.payload", "lxc"},
    CgroupRow{"/lxc/", "lxc"},
};

/// A word that may stand in a report: letters, digits and dashes. Anything else is no name of a container.
bool is_name(std::string_view text)
{
    constexpr std::size_t longest = 32;
    return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_');
    });
}

ContainerFacts named(std::string_view type, std::string evidence)
{
    return {std::string{is_name(type) ? type : "other"}, std::move(evidence)};
}

}  // namespace

bool sees_kernel_threads(std::string_view comm)
{
    return trim(comm) == "kthreadd";
}

std::optional<ContainerFacts> identify_container(const ContainerMarks& marks)
{
    if (const auto manager = trim(marks.manager); !manager.empty()) {
        return named(manager, "the container's manager says so in /run");
    }
    if (marks.containerenv && !marks.kernel_threads) {
        return named("podman", "/run/.containerenv");
    }
    if (marks.dockerenv && !marks.kernel_threads) {
        return named("docker", "/.dockerenv");
    }
    if (const auto variable = trim(marks.environment); !variable.empty()) {
        return named(variable, "the environment's variable 'container'");
    }
    if (marks.lxd) {
        return named("lxc", "the socket of LXD or Incus in /dev");
    }
    if (marks.openvz) {
        return named("openvz", "/proc/vz without /proc/bc");
    }
    const auto row = std::ranges::find_if(cgroup_rows, [&marks](const CgroupRow& candidate) {
        return marks.cgroups.find(candidate.part) != std::string::npos;
    });
    return row == cgroup_rows.end() ? std::nullopt : std::optional{named(row->type, "/proc/self/cgroup")};
}

std::optional<ConfidentialFacts> identify_confidential(const ConfidentialMarks& marks)
{
    if (marks.tdx_flag) {
        return ConfidentialFacts{"TDX", "the CPU's flags include tdx_guest"};
    }
    if (marks.misc_devices.contains("tdx_guest")) {
        return ConfidentialFacts{"TDX", "/sys/class/misc/tdx_guest"};
    }
    if (marks.misc_devices.contains("sev-guest")) {
        return ConfidentialFacts{"SEV-SNP", "/sys/class/misc/sev-guest"};
    }
    return std::nullopt;
}

std::optional<ConfidentialFacts> confidential_line(std::string_view line)
{
    if (line.find("unsupported when running as an SEV guest") != std::string_view::npos) {
        return ConfidentialFacts{"SEV", "the kernel's log: KVM is unsupported when running as an SEV guest"};
    }
    if (line.find("tdx: Guest detected") != std::string_view::npos) {
        return ConfidentialFacts{"TDX", "the kernel's log: tdx: Guest detected"};
    }
    return std::nullopt;
}

}  // namespace kvmkit
