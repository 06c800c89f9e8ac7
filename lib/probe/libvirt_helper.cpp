// SPDX-License-Identifier: Apache-2.0
#include "probe/libvirt_helper.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr std::chrono::milliseconds patience{2000};
constexpr std::size_t most_text = std::size_t{8} << 20U;
constexpr const char* helper_name = "libvirt-facts";

bool may_manage(const LibvirtFacts& libvirt)
{
    return ::geteuid() == 0 || (libvirt.group && *libvirt.group && ::group_member((*libvirt.group)->gid) != 0);
}

Result<LibvirtAnswers> answers_of(const Completed& ended)
{
    if (ended.status != 0) {
        return Error{ErrorCode::external, fmt::format("{} ended with status {}", helper_name, ended.status)};
    }
    return parse_libvirt_answers(ended.out);
}

}  // namespace

std::string find_libvirt_helper(const std::string& libexec)
{
    std::error_code ignored;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
    for (const auto& folder :
         {self.parent_path().parent_path() / "libexec" / "kvmkit", std::filesystem::path{libexec}}) {
        const auto file = folder / helper_name;
        if (file.is_absolute() && ::access(file.c_str(), X_OK) == 0) {
            return file;
        }
    }
    return {};
}

Fact<LibvirtAnswers> ask_libvirt_helper(const LibvirtFacts& libvirt, const Programs& programs, Deadline deadline)
{
    const bool takes_connections = libvirt.connect && *libvirt.connect && (*libvirt.connect)->ok();
    if (!takes_connections) {
        return std::optional<LibvirtAnswers>{};
    }
    const auto helper = find_libvirt_helper(programs.libexec);
    if (helper.empty()) {
        return Error{ErrorCode::not_found, fmt::format("{} is not installed", helper_name)};
    }
    std::vector<std::string> argv{helper};
    if (!may_manage(libvirt)) {
        argv.emplace_back("--read-only");
    }
    const auto ended = programs.runner.run({.argv = std::move(argv),
                                            .environment = {{"LC_ALL", "C"}},
                                            .timeout = std::min(patience, deadline.left()),
                                            .most_out = most_text});
    if (!ended) {
        const bool hangs = ended.error().code == ErrorCode::timeout;
        return hangs ? Error{ErrorCode::timeout, "libvirt takes connections and did not answer in time"}
                     : ended.error();
    }
    auto answers = answers_of(*ended);
    return answers ? Fact<LibvirtAnswers>{std::optional{std::move(*answers)}} : answers.error();
}

void name_by_libvirt(const LibvirtAnswers& answers, RunningVms& running)
{
    for (RunningVm& vm : running.vms) {
        const auto* domain = answers.domain(vm.command.uuid);
        if (domain == nullptr) {
            const auto by_pid = std::ranges::find(answers.domains, std::optional{vm.pid}, &LibvirtDomain::pid);
            domain = by_pid == answers.domains.end() ? nullptr : &*by_pid;
        }
        vm.libvirt = domain == nullptr ? std::nullopt : std::optional{*domain};
    }
}

}  // namespace kvmkit
