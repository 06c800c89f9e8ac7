// SPDX-License-Identifier: Apache-2.0
#include "report/kvm_ok.hpp"

#include "report/phrases.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit {
namespace {

const Finding* find_check(const Report& report, std::string_view id)
{
    const auto found = std::ranges::find(report.findings, id, [](const Finding& finding) { return finding.check.id; });
    return found == report.findings.end() ? nullptr : &*found;
}

bool failed(const Finding* finding)
{
    return finding != nullptr && finding->verdict.status == Status::fail;
}

/// Whether the CPU has what it takes, but not the kernel.
bool off_in_firmware(const Finding& cpu)
{
    return cpu.verdict.remedy && cpu.verdict.remedy->where == Where::firmware;
}

/// kvm-ok's two answers about the CPU.
std::string about_cpu(const Report& report, const Finding& cpu)
{
    if (!off_in_firmware(cpu)) {
        return "INFO: Your CPU does not support KVM extensions\n";
    }
    const bool amd = report.vendor == "AuthenticAMD" || report.vendor == "HygonGenuine";
    return fmt::format(
        "INFO: KVM ({}) is disabled by your BIOS\n"
        "HINT: Enter your BIOS setup and enable Virtualization Technology (VT),\n"
        "      and then hard poweroff/poweron your system\n",
        amd ? "svm" : "vmx");
}

/// A plain command can be had by sudo, a line for a shell cannot.
std::string hint(std::string_view command)
{
    const bool plain = command.find_first_of("|>&;'\"") == std::string_view::npos;
    return fmt::format("HINT:   {}{}\n", plain ? "sudo " : "", command);
}

std::string hints(const Finding& finding)
{
    const auto& remedy = finding.verdict.remedy;
    if (!remedy) {
        return "";
    }
    if (remedy->commands.empty() || remedy->where != Where::this_host) {
        return fmt::format("HINT:   {}\n", one_line(remedy->summary));
    }
    std::string text;
    for (const auto& command : remedy->commands) {
        text += hint(one_line(command));
    }
    return text;
}

/// What stands in the way, beside what the lines above said.
std::string obstacles(const Report& report)
{
    std::string text;
    for (const Finding& finding : report.findings) {
        const Status status = finding.verdict.status;
        const bool counts = status == Status::fail || status == Status::unknown;
        const bool told = finding.check.id == "cpu.virt_ext" && off_in_firmware(finding);
        if (counts && !told && finding.check.severity != Severity::advisory) {
            text += fmt::format("INFO: {}\n", one_line(finding.verdict.evidence)) + hints(finding);
        }
    }
    return text;
}

}  // namespace

bool kvm_ok(const Report& report)
{
    return report.recommendation.accel == Accel::kvm;
}

std::string to_kvm_ok(const Report& report)
{
    const Finding* cpu = find_check(report, "cpu.virt_ext");
    std::string text;
    if (failed(cpu)) {
        text = about_cpu(report, *cpu);
    } else {
        text = report.device_there ? "INFO: /dev/kvm exists\n" : "INFO: /dev/kvm does not exist\n";
    }
    if (kvm_ok(report)) {
        return text + "KVM acceleration can be used\n";
    }
    return text + obstacles(report) + "KVM acceleration can NOT be used\n";
}

}  // namespace kvmkit
