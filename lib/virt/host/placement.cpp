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
        const auto pid = number<pid_t>(name);
        const std::string command_line = pid ? text_of(root, fmt::format("proc/{}/cmdline", name)) : std::string{};
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
    const std::string command_line = text_of(root, fmt::format("proc/{}/cmdline", pid));
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
    return kill_all(root, [uuid](const Arguments& arguments) { return runs_vm(arguments, uuid); });
}

Result<void> kill_qemus_of(const Root& root, const std::filesystem::path& driver_root)
{
    return kill_all(root,
                    [&driver_root](const Arguments& arguments) { return belongs_to(arguments, driver_root.string()); });
}

}  // namespace kvmkit::virt
