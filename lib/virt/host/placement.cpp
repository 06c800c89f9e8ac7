// SPDX-License-Identifier: Apache-2.0
#include "virt/host/placement.hpp"

#include "base/deadline.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

template <class Number>
std::optional<Number> number(std::string_view text)
{
    Number value = 0;
    const auto end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    return result.ec == std::errc{} && result.ptr == end && !text.empty() ? std::optional{value} : std::nullopt;
}

/// A file of a process that may end at any moment: empty then.
std::string text_of(const Root& root, const std::string& path)
{
    const auto text = root.read(path);
    return text && *text ? **text : std::string{};
}

bool runs_vm(std::string_view command_line, std::string_view uuid)
{
    const auto arguments = split(command_line, '\0');
    const auto option = std::ranges::find(arguments, std::string_view{"-uuid"});
    return option != arguments.end() && std::next(option) != arguments.end() && *std::next(option) == uuid;
}

/// Field 39 of a thread's stat, counted after the name, which may hold blanks and brackets.
std::optional<unsigned> cpu_in(std::string_view stat)
{
    const auto name_end = stat.rfind(')');
    if (name_end == std::string_view::npos) {
        return std::nullopt;
    }
    const auto fields = words(stat.substr(name_end + 1));
    constexpr std::size_t processor = 39 - 3;
    return fields.size() > processor ? number<unsigned>(fields[processor]) : std::nullopt;
}

/// "CPU 0/TCG": QEMU names its threads so because libvirt asks for debug-threads.
std::optional<VcpuThread> vcpu_in(std::string_view name)
{
    name = trim(name);
    const auto slash = name.find('/');
    if (!name.starts_with("CPU ") || slash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto vcpu = number<unsigned>(name.substr(4, slash - 4));
    if (!vcpu) {
        return std::nullopt;
    }
    return VcpuThread{.vcpu = *vcpu, .accelerator = std::string{name.substr(slash + 1)}};
}

}  // namespace

Fact<pid_t> find_qemu(const Root& root, std::string_view uuid)
{
    const auto processes = root.names("proc");
    if (!processes) {
        return processes.error();
    }
    for (const auto& name : processes->value_or(std::vector<std::string>{})) {
        const auto pid = number<pid_t>(name);
        if (pid && runs_vm(text_of(root, fmt::format("proc/{}/cmdline", name)), uuid)) {
            return std::optional{*pid};
        }
    }
    return std::optional<pid_t>{};
}

Result<std::vector<VcpuThread>> vcpu_threads(const Root& root, pid_t qemu)
{
    const auto folder = fmt::format("proc/{}/task", qemu);
    const auto tasks = root.names(folder);
    if (!tasks) {
        return tasks.error();
    }
    std::vector<VcpuThread> threads;
    for (const auto& task : tasks->value_or(std::vector<std::string>{})) {
        auto thread = vcpu_in(text_of(root, fmt::format("{}/{}/comm", folder, task)));
        const auto cpu = cpu_in(text_of(root, fmt::format("{}/{}/stat", folder, task)));
        if (thread && cpu) {
            thread->tid = number<pid_t>(task).value_or(0);
            thread->cpu = *cpu;
            threads.push_back(std::move(*thread));
        }
    }
    std::ranges::sort(threads, {}, &VcpuThread::vcpu);
    return threads;
}

Result<void> kill_qemu(const Root& root, std::string_view uuid)
{
    const auto pid = find_qemu(root, uuid);
    if (!pid) {
        return pid.error();
    }
    if (!*pid) {
        return {};
    }
    const auto doing = fmt::format("cannot end QEMU process {}", **pid);
    const UniqueFd process{static_cast<int>(::syscall(SYS_pidfd_open, **pid, 0))};
    if (!process) {
        return errno == ESRCH ? Result<void>{} : errno_error(errno, doing);
    }
    const auto still = find_qemu(root, uuid);  // the pid may have changed hands before the pidfd was open
    if (!still || *still != *pid) {
        return {};
    }
    if (::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) != 0 && errno != ESRCH) {
        return errno_error(errno, doing);
    }
    pollfd wait{process.get(), POLLIN, 0};
    constexpr int most_ms = 10'000;
    if (::poll(&wait, 1, most_ms) != 1) {
        return Error{ErrorCode::timeout, fmt::format("{}: it is still there after 10 s", doing)};
    }
    return {};
}

}  // namespace kvmkit::virt
