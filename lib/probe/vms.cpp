// SPDX-License-Identifier: Apache-2.0
#include "probe/vms.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "facts/task.hpp"
#include "system/small_files.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace kvmkit {
namespace {

using Role = VmThread::Role;

/// A file through a decoder that yields a value or nothing; a text that it does not know is an Error.
template <class T, class Decode>
Fact<T> decode_file(const Root& root, const std::string& path, Decode decode)
{
    const auto text = root.read(path);
    if (!text) {
        return text.error();
    }
    if (!*text) {
        return std::optional<T>{};
    }
    std::optional<T> value = decode(**text);
    if (!value) {
        return Error{ErrorCode::external, fmt::format("cannot make sense of '/{}'", path)};
    }
    return value;
}

/// A file of a process that may end at any moment: empty then, and where it may not be read.
/// The numbers among the names in a folder: processes, threads.
Fact<std::vector<int>> ids_in(const Root& root, const std::string& folder)
{
    const auto names = root.names(folder);
    if (!names) {
        return names.error();
    }
    if (!*names) {
        return std::optional<std::vector<int>>{};
    }
    std::vector<int> ids;
    for (const auto& name : **names) {
        if (const auto id = decimal<int>(name); id && *id > 0) {
            ids.push_back(*id);
        }
    }
    std::ranges::sort(ids);
    return std::optional{std::move(ids)};
}

/// Only the kernel knows for sure which program a process runs, but it tells only its owner and root. Others go by what
/// the process calls itself.
bool runs_qemu(const Root& root, int pid, const std::vector<std::string_view>& words)
{
    const auto program = root.link_target(fmt::format("proc/{}/exe", pid));
    if (program && *program) {
        return is_qemu(**program);
    }
    return is_qemu(words.front()) || is_qemu(trim(text_or_nothing(root, fmt::format("proc/{}/comm", pid))));
}

/// A thread by its name alone.
VmThread named(int tid, const TaskStat& stat)
{
    VmThread thread;
    thread.tid = tid;
    thread.name = stat.name;
    thread.cpu = stat.cpu;
    thread.start_ticks = stat.start_ticks;
    thread.ran = stat.used;  // the coarse count, for kernels without schedstat
    if (const auto name = parse_vcpu_name(stat.name)) {
        thread.role = name->vcpu ? Role::vcpu : Role::all_vcpus;
        thread.vcpu = name->vcpu;
    }
    return thread;
}

/// What takes two more files to tell.
void fill_in(const Root& root, const std::string& folder, VmThread& thread)
{
    const auto times = parse_schedstat(text_or_nothing(root, folder + "/schedstat"));
    if (times) {
        thread.ran = times->ran;
        thread.waited = times->waited;
    }
    const auto status = text_or_nothing(root, folder + "/status");
    if (const auto list = status_value(status, "Cpus_allowed_list"); !list.empty()) {
        thread.allowed = CpuSet::parse(list);
    }
}

/// Threads with names: those of vCPUs. Without: those that are called like the process, the main thread left out.
std::vector<VmThread> that_run_vcpus(std::vector<VmThread> all, const RunningVm& vm, const std::string& process)
{
    const bool any_named =
        std::ranges::any_of(all, [](const VmThread& thread) { return thread.role != Role::unnamed; });
    std::erase_if(all, [&](const VmThread& thread) {
        const bool candidate = !vm.command.debug_threads && thread.tid != vm.pid && thread.name == process;
        return any_named ? thread.role == Role::unnamed : !candidate;
    });
    std::ranges::sort(all, {}, [](const VmThread& thread) { return std::tuple{thread.vcpu.value_or(0), thread.tid}; });
    return all;
}

Result<std::vector<VmThread>> read_threads(const Root& root, const RunningVm& vm, const std::string& process)
{
    const auto folder = fmt::format("proc/{}/task", vm.pid);
    const auto tids = ids_in(root, folder);
    if (!tids) {
        return tids.error();
    }
    std::vector<VmThread> all;
    for (const int tid : tids->value_or(std::vector<int>{})) {
        if (const auto stat = parse_task_stat(text_or_nothing(root, fmt::format("{}/{}/stat", folder, tid)))) {
            all.push_back(named(tid, *stat));
        }
    }
    auto threads = that_run_vcpus(std::move(all), vm, process);
    for (VmThread& thread : threads) {
        fill_in(root, fmt::format("{}/{}", folder, thread.tid), thread);
    }
    return threads;
}

/// What runs the vCPUs, and how many there are: threads know better than the command line, where they carry names.
void believe_threads(RunningVm& vm)
{
    vm.accelerator = vm.command.accelerator;
    vm.vcpus = vm.command.vcpus;
    if (!vm.threads_named()) {
        return;
    }
    if (const auto name = parse_vcpu_name(vm.threads->front().name)) {
        vm.accelerator = name->accelerator;
    }
    if (vm.threads->front().role == Role::vcpu) {
        vm.vcpus = static_cast<unsigned>(vm.threads->size());
    }
}

Fact<CpuSet> read_online(const Root& root)
{
    auto online = decode_file<CpuSet>(root, "sys/devices/system/cpu/online", CpuSet::parse);
    if (online && *online && !(*online)->empty()) {
        return online;
    }
    return decode_file<CpuSet>(root, "proc/stat", cpus_in_proc_stat);
}

std::optional<std::chrono::milliseconds> parse_uptime(std::string_view text)
{
    constexpr double ms_per_s = 1000;
    constexpr double most_s = 4e9;  // over a century: what is more overflows a clock of nanoseconds
    const auto pieces = words(text);
    const auto seconds = pieces.empty() ? std::nullopt : decimal<double>(pieces.front());
    const bool sane = seconds && *seconds >= 0 && *seconds < most_s;
    return sane ? std::optional{std::chrono::milliseconds{static_cast<std::int64_t>(*seconds * ms_per_s)}}
                : std::nullopt;
}

}  // namespace

Fact<RunningVm> read_vm(const Root& root, int pid)
{
    const auto folder = fmt::format("proc/{}", pid);
    const auto cmdline = root.read(folder + "/cmdline");
    if (!cmdline && cmdline.error().code == ErrorCode::permission) {
        return cmdline.error();
    }
    const auto words = command_words(cmdline && *cmdline ? **cmdline : std::string_view{});
    if (words.empty() || !runs_qemu(root, pid, words)) {
        return std::optional<RunningVm>{};
    }
    const auto stat = parse_task_stat(text_or_nothing(root, folder + "/stat"));
    RunningVm vm;
    vm.command = parse_qemu_command(words);
    if (!stat || stat->state == 'Z' || stat->state == 'X' || !vm.command.has_machine) {
        return std::optional<RunningVm>{};
    }
    const auto status = text_or_nothing(root, folder + "/status");
    vm.pid = pid;
    vm.start_ticks = stat->start_ticks;
    vm.resident = status_size(status, "VmRSS");
    vm.huge_pages = status_size(status, "HugetlbPages");
    vm.swapped = status_size(status, "VmSwap");
    vm.threads = read_threads(root, vm, stat->name);
    if (vm.threads && vm.threads->empty() && !root.exists(folder)) {
        return std::optional<RunningVm>{};
    }
    believe_threads(vm);
    return std::optional{std::move(vm)};
}

Fact<RunningVms> read_vms(const Root& root)
{
    const auto pids = ids_in(root, "proc");
    if (!pids) {
        return pids.error();
    }
    if (!*pids) {
        return std::optional<RunningVms>{};
    }
    RunningVms found;
    for (const int pid : **pids) {
        auto vm = read_vm(root, pid);
        if (!vm) {
            ++found.unreadable;
        } else if (*vm) {
            found.vms.push_back(std::move(**vm));
        }
    }
    found.others_hidden = root.is_this_host() && !std::ranges::binary_search(**pids, 1);
    found.online = read_online(root);
    found.memory = decode_file<MemoryFacts>(root, "proc/meminfo", parse_meminfo);
    found.cpu_pressure = decode_file<Pressure>(root, "proc/pressure/cpu", parse_pressure);
    found.memory_pressure = decode_file<Pressure>(root, "proc/pressure/memory", parse_pressure);
    found.uptime = decode_file<std::chrono::milliseconds>(root, "proc/uptime", parse_uptime);
    return std::optional{std::move(found)};
}

}  // namespace kvmkit
