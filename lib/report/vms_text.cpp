// SPDX-License-Identifier: Apache-2.0
#include "report/vms_text.hpp"

#include "base/count.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

constexpr double percent = 100;

std::string coloured(std::string_view text, std::string_view code, Paint paint)
{
    return paint == Paint::ansi ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string{text};
}

/// Whether the byte, or it with the next one (C1 in UTF-8), is a control character.
bool is_control(std::string_view text, std::size_t place)
{
    constexpr unsigned char delete_key = 0x7f;
    constexpr unsigned char c1_lead = 0xc2;
    constexpr unsigned char c1_end = 0xa0;
    const auto byte = static_cast<unsigned char>(text[place]);
    const bool c1 = byte == c1_lead && place + 1 < text.size() && static_cast<unsigned char>(text[place + 1]) < c1_end;
    return byte < ' ' || byte == delete_key || c1;
}

bool continues_letter(char byte)
{
    constexpr unsigned mask = 0xc0;
    constexpr unsigned continuation = 0x80;
    return (static_cast<unsigned char>(byte) & mask) == continuation;
}

std::string at_least(std::size_t unknown)
{
    return unknown > 0 ? "at least " : "";
}

std::string_view pain_phrase(const std::optional<bool>& now)
{
    if (!now) {
        return "cannot tell whether it hurts now";
    }
    return *now ? "it hurts now" : "it does not hurt now";
}

std::string_view pain_colour(const std::optional<bool>& now)
{
    if (!now) {
        return "33";
    }
    return *now ? "31" : "32";
}

std::string summary_line(const VmsReport& report, Paint paint)
{
    const auto& [running, load, overcommit] = report;
    if (running.vms.empty()) {
        return "no VM runs on this host\n";
    }
    const CpuCommitment& cpu = overcommit.cpu;
    auto line = fmt::format(
        "{} with {}{}", counted(running.vms.size(), "VM"), at_least(cpu.vms_unknown), counted(cpu.vcpus, "vCPU"));
    if (cpu.ratio) {
        line += fmt::format(" on {}: {:.1f} vCPUs per CPU", counted(cpu.usable->size(), "CPU"), *cpu.ratio);
    }
    const auto& now = overcommit.pain.now;
    return fmt::format("{}; {}\n", line, coloured(pain_phrase(now), pain_colour(now), paint));
}

/// "within nova's 4.0 (initial_cpu_allocation_ratio)", one line each.
std::string convention_lines(std::span<const Convention> conventions, double ratio)
{
    std::string text;
    for (const Convention& convention : conventions) {
        text += fmt::format("            {} {}'s {:.1f} ({})\n",
                            ratio <= convention.limit ? "within" : "above",
                            convention.who,
                            convention.limit,
                            convention.setting);
    }
    return text;
}

std::string cpu_lines(const CpuCommitment& cpu)
{
    if (!cpu.ratio) {
        return "  CPU       which CPUs are online could not be told: no ratio\n";
    }
    auto text = fmt::format("  CPU       {:.2f} vCPUs per CPU\n", *cpu.ratio);
    text += convention_lines(cpu_conventions(), *cpu.ratio);
    if (cpu.usable->size() < cpu.online->size()) {
        text += fmt::format("            no vCPU may use more than {} of the {} CPUs that are online\n",
                            cpu.usable->size(),
                            cpu.online->size());
    }
    constexpr double noteworthy = 1.25;  // pinning that is merely uneven is no news
    if (cpu.densest && cpu.densest->vcpus > *cpu.ratio * noteworthy) {
        text += fmt::format("            pinning puts {:.1f} vCPUs on CPU {}\n", cpu.densest->vcpus, cpu.densest->cpu);
    }
    return text;
}

std::string memory_lines(const MemoryCommitment& memory)
{
    const auto unknown = at_least(memory.vms_unknown);
    if (!memory.ratio) {
        return fmt::format(
            "  memory    {}{} promised; how much there is could not be told\n", unknown, human(memory.promised));
    }
    auto text = fmt::format("  memory    {}{} promised of {}: {:.2f}\n",
                            unknown,
                            human(memory.promised),
                            human(*memory.capacity),
                            *memory.ratio);
    text += convention_lines(memory_conventions(), *memory.ratio);
    if (memory.promised_huge.count() > 0) {
        text += fmt::format("            {} promised in huge pages, of a pool of {}\n",
                            human(memory.promised_huge),
                            human(*memory.pool));
    }
    return text;
}

std::string pressure(const std::optional<double>& share)
{
    return share ? fmt::format("{:.1f} %", *share) : std::string{"unknown"};
}

std::string pain_lines(const Pain& pain, Paint paint)
{
    std::string text;
    for (const auto& reason : pain.reasons) {
        text += fmt::format("  now       {}\n", coloured(harmless(reason, 68), pain_colour(pain.now), paint));
    }
    if (pain.mean_waiting) {
        text += fmt::format("  waiting   vCPUs wait {:.1f} % of their time for a CPU, the worst one {:.1f} %\n",
                            *pain.mean_waiting * percent,
                            pain.worst->waiting * percent);
    }
    return text + fmt::format("  pressure  CPU (some) {}, memory (full) {} of the last 10 s\n",
                              pressure(pain.cpu_some),
                              pressure(pain.memory_full));
}

std::string_view span_phrase(VmLoad::Span span)
{
    switch (span) {
        case VmLoad::Span::none: return "shares of time are not known: one reading, and no /proc/uptime";
        case VmLoad::Span::interval: return "";
        case VmLoad::Span::since_start: return "RUNS and WAITS are averages since each thread started";
    }
    return "";
}

std::string share(const std::optional<double>& value)
{
    return value ? fmt::format("{:.1f} %", *value * percent) : std::string{"-"};
}

/// The CPUs that a thread may use, of those that are online, where that is known: masks name CPUs that are not there.
std::string may_use(const VmThread& thread, const Fact<CpuSet>& online, std::size_t width)
{
    if (!thread.allowed) {
        return "-";
    }
    const bool known = online && *online;
    return harmless((known ? thread.allowed->common_with(**online) : *thread.allowed).text(), width);
}

std::string thread_line(const VmThread& thread, const ThreadLoad& load, const Fact<CpuSet>& online)
{
    constexpr std::size_t list_width = 20;
    const auto vcpu = thread.vcpu ? fmt::format("{}", *thread.vcpu)
                                  : std::string{thread.role == VmThread::Role::all_vcpus ? "all" : "?"};
    return fmt::format("  {:>4}  {:>7}  {:>6}  {:<{}}  {:>7}  {:>7}\n",
                       vcpu,
                       thread.tid,
                       thread.cpu ? fmt::format("{}", *thread.cpu) : std::string{"-"},
                       may_use(thread, online, list_width),
                       list_width,
                       share(load.running),
                       share(load.waiting));
}

std::string vm_title(const RunningVm& vm, Paint paint)
{
    constexpr std::size_t name_width = 18;
    const auto& command = vm.command;
    const auto name = command.name.empty() ? std::string{"VM without a name"}
                                           : fmt::format("VM '{}'", harmless(command.name, name_width));
    auto title = coloured(name, "1", paint) + fmt::format(", process {}", vm.pid);
    title += vm.accelerator.empty() ? "" : fmt::format(", {}", harmless(vm.accelerator, 8));
    title += vm.vcpus ? fmt::format(", {}", counted(*vm.vcpus, "vCPU")) : std::string{", vCPUs not told"};
    title += command.memory ? fmt::format(", {}", human(*command.memory)) : std::string{", memory not told"};
    return title + "\n";
}

/// "46 MiB in RAM, 2 GiB in huge pages, 12 MiB swapped out"; what is zero is left out.
std::string memory_line(const RunningVm& vm)
{
    std::vector<std::string> parts;
    const auto add = [&parts](const std::optional<Bytes>& size, std::string_view where) {
        if (size && size->count() > 0) {
            parts.push_back(fmt::format("{} {}", human(*size), where));
        }
    };
    add(vm.resident, "in RAM");
    add(vm.huge_pages, "in huge pages");
    add(vm.swapped, "swapped out");
    return parts.empty() ? std::string{} : fmt::format("  {}\n", fmt::join(parts, ", "));
}

/// "libvirt calls it 'web', id 3"; empty where it does not know it, or was not asked.
std::string libvirt_line(const RunningVm& vm)
{
    constexpr std::size_t name_width = 40;
    if (!vm.libvirt) {
        return {};
    }
    const auto id = vm.libvirt->id ? fmt::format(", id {}", *vm.libvirt->id) : std::string{};
    return fmt::format("  libvirt calls it '{}'{}\n", harmless(vm.libvirt->name, name_width), id);
}

std::string unseen_lines(const RunningVms& running)
{
    std::string text;
    if (running.others_hidden) {
        text += "other users' processes are hidden from this user (hidepid): root sees all VMs\n";
    }
    if (running.unreadable > 0) {
        text += fmt::format("{} process{} may not be looked at by this user: root sees all VMs\n",
                            running.unreadable,
                            running.unreadable == 1 ? "" : "es");
    }
    return text;
}

}  // namespace

std::string harmless(std::string_view text, std::size_t width)
{
    constexpr std::string_view cut = "..";
    std::size_t end = text.size();
    if (end > width) {
        end = width - cut.size();
        while (end > 0 && continues_letter(text[end])) {
            --end;
        }
    }
    std::string shown;
    for (std::size_t place = 0; place < end; ++place) {
        shown += is_control(text, place) ? '?' : text[place];
    }
    return end < text.size() ? shown.append(cut) : shown;
}

std::string host_text(const VmsReport& report, Paint paint)
{
    const auto& [running, load, overcommit] = report;
    auto text = cpu_lines(overcommit.cpu) + memory_lines(overcommit.memory) + pain_lines(overcommit.pain, paint);
    const auto phrase = span_phrase(load.span);
    return phrase.empty() ? text : text + fmt::format("  shares    {}\n", phrase);
}

std::string vm_text(const RunningVm& vm, const VmsReport& report, Paint paint)
{
    auto text = vm_title(vm, paint) + libvirt_line(vm) + memory_line(vm);
    if (!vm.threads) {
        return text + fmt::format("  {}\n", harmless(vm.threads.error().message, 76));
    }
    if (vm.threads->empty()) {
        return text + "  no thread of it is named as a vCPU\n";
    }
    if (!vm.threads_named()) {
        text +=
            "  its threads carry no names: some of these run the vCPUs, some may be helpers\n"
            "  (QEMU names them if started with -name NAME,debug-threads=on)\n";
    }
    text += "  vCPU   THREAD  ON CPU  MAY USE                  RUNS    WAITS\n";
    for (const VmThread& thread : *vm.threads) {
        text += thread_line(thread, report.load.of(thread.tid), report.running.online);
    }
    return text;
}

std::string to_text(const VmsReport& report, Paint paint)
{
    const auto& running = report.running;
    auto text = summary_line(report, paint);
    if (!running.vms.empty()) {
        text += host_text(report, paint);
    }
    for (const RunningVm& vm : running.vms) {
        text += '\n' + vm_text(vm, report, paint);
    }
    const auto unseen = unseen_lines(running);
    return unseen.empty() ? text : text + '\n' + unseen;
}

}  // namespace kvmkit
