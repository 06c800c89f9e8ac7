// SPDX-License-Identifier: Apache-2.0
#include "virt/host/placement.hpp"

#include "base/deadline.hpp"
#include "base/number.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "facts/task.hpp"
#include "system/small_files.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

/// A file of a process that may end at any moment: empty then.
using Arguments = std::vector<std::string_view>;

bool runs_vm(const Arguments& arguments, std::string_view uuid)
{
    const auto option = std::ranges::find(arguments, std::string_view{"-uuid"});
    return option != arguments.end() && std::next(option) != arguments.end() && *std::next(option) == uuid;
}

/// QEMU's sockets and files lie below the driver's folder: some argument holds its path.
bool belongs_to(const Arguments& arguments, std::string_view driver_root)
{
    const std::string folder = std::string{driver_root} + "/";
    return !arguments.empty() && arguments.front().find("qemu") != std::string_view::npos &&
           std::ranges::any_of(arguments, [&folder](std::string_view argument) {
               return argument.find(folder) != std::string_view::npos;
           });
}

template <class Wanted>
Result<std::vector<pid_t>> processes(const Root& root, Wanted wanted)
{
    const auto names = root.names("proc");
    if (!names) {
        return names.error();
    }
    std::vector<pid_t> found;
    for (const auto& name : names->value_or(std::vector<std::string>{})) {
        const auto pid = decimal<pid_t>(name);
        const std::string command_line =
            pid ? text_or_nothing(root, fmt::format("proc/{}/cmdline", name)) : std::string{};
        if (pid && wanted(split(command_line, '\0'))) {
            found.push_back(*pid);
        }
    }
    return found;
}

/// Kills one process, unless the pid changed hands before we had hold of it.
template <class Wanted>
Result<void> kill_process(const Root& root, pid_t pid, Wanted wanted)
{
    const auto doing = fmt::format("cannot end QEMU process {}", pid);
    const UniqueFd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!process) {
        return errno == ESRCH ? Result<void>{} : errno_error(errno, doing);
    }
    const std::string command_line = text_or_nothing(root, fmt::format("proc/{}/cmdline", pid));
    if (!wanted(split(command_line, '\0'))) {
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

template <class Wanted>
Result<void> kill_all(const Root& root, Wanted wanted)
{
    const auto found = processes(root, wanted);
    if (!found) {
        return found.error();
    }
    for (const pid_t pid : *found) {
        if (auto killed = kill_process(root, pid, wanted); !killed) {
            return killed;
        }
    }
    return {};
}

}  // namespace

Fact<pid_t> find_qemu(const Root& root, std::string_view uuid)
{
    const auto found = processes(root, [uuid](const Arguments& arguments) { return runs_vm(arguments, uuid); });
    if (!found) {
        return found.error();
    }
    return found->empty() ? std::optional<pid_t>{} : std::optional{found->front()};
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
        const auto name = parse_vcpu_name(text_or_nothing(root, fmt::format("{}/{}/comm", folder, task)));
        const auto stat = parse_task_stat(text_or_nothing(root, fmt::format("{}/{}/stat", folder, task)));
        const auto tid = decimal<pid_t>(task);
        if (name && name->vcpu && stat && stat->cpu && tid) {
            threads.push_back({*name->vcpu, *tid, *stat->cpu, name->accelerator});
        }
    }
    std::ranges::sort(threads, {}, &VcpuThread::vcpu);
    return threads;
}

Result<void> kill_qemu(const Root& root, std::string_view uuid)
{
    return kill_all(root, [uuid](const Arguments& arguments) { return runs_vm(arguments, uuid); });
}

Result<void> kill_qemus_of(const Root& root, const std::filesystem::path& driver_root)
{
    return kill_all(root,
                    [&driver_root](const Arguments& arguments) { return belongs_to(arguments, driver_root.string()); });
}

}  // namespace kvmkit::virt
