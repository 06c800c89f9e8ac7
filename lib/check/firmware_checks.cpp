// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/explain/explainer.hpp"
#include "check/firmware_menu.hpp"
#include "check/operators.hpp"
#include "check/traits.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// What the kernel says where the firmware is to blame, by the tables of `kvm-check explain`. Absent: nothing.
std::optional<Explanation> blame_of_firmware(const std::vector<std::string>& log)
{
    Explainer explainer;
    for (const auto& line : log) {
        explainer.feed(line);
        explainer.feed("\n");
    }
    auto all = explainer.finish().explanations;
    const auto found = std::ranges::find_if(
        all, [](const Explanation& one) { return (one.symptom == "S2" || one.symptom == "S3") && one.certain; });
    return found == all.end() ? std::nullopt : std::optional{std::move(*found)};
}

Remedy switch_it_on(const HostFacts& host)
{
    auto remedy = is_guest(host) ? operator_remedy(host) : std::nullopt;
    return remedy ? *std::move(remedy) : firmware_remedy(host);
}

Verdict judge_kernel_log(const HostFacts& host)
{
    const auto& log = host.kernel_log;
    if (!log || !*log) {
        return skip(log ? "not recorded: the kernel's log" : log.error().message);
    }
    const auto blame = blame_of_firmware(**log);
    if (!blame) {
        return pass("the kernel's log blames no firmware");
    }
    if (host.kvm.creates_machines()) {
        return pass(fmt::format("KVM works, although the kernel says \"{}\"", blame->text));
    }
    return in_brief("the firmware keeps virtualization off",
                    fail(fmt::format("the kernel says \"{}\"", blame->text), switch_it_on(host)));
}

/// IA32_FEATURE_CONTROL (SDM, volume 3, 24.7): once it is locked, VMX works only where its bit is set.
struct FeatureControl {
    bool locked = false;
    bool inside_smx = false;   ///< After a measured launch (TXT).
    bool outside_smx = false;  ///< Without one.
};

FeatureControl decode(std::uint64_t value)
{
    return {.locked = (value & 1U) != 0, .inside_smx = (value & 2U) != 0, .outside_smx = (value & 4U) != 0};
}

/// Whether tboot started this kernel by a measured launch.
bool was_measured(const HostFacts& host)
{
    const auto by_tboot = [](const std::string& line) {
        return line.starts_with("tboot: found shared page") || line.find("] tboot: found shared page") != line.npos;
    };
    const auto& log = host.kernel_log;
    return host.kernel_settings.tboot || (log && *log && std::ranges::any_of(**log, by_tboot));
}

/// Why there is nothing to judge; absent: there is.
std::optional<Verdict> no_msr(const HostFacts& host)
{
    const auto& msr = host.kernel_settings.feature_control;
    if (!msr) {
        return skip(msr.error().message);
    }
    return *msr ? std::nullopt : std::optional{skip("no MSR to be read (/dev/cpu/0/msr)")};
}

Verdict judge_txt(const HostFacts& host)
{
    if (is_foreign(host) || has_amd(host)) {
        return does_not_apply("Intel only");
    }
    if (auto verdict = no_msr(host)) {
        return *std::move(verdict);
    }
    const auto value = **host.kernel_settings.feature_control;
    const auto control = decode(value);
    const auto what = fmt::format("IA32_FEATURE_CONTROL (0x3a) is {:#x}", value);
    if (!control.locked || (control.inside_smx && control.outside_smx)) {
        return pass(fmt::format("{}: VMX works with and without a measured launch (TXT)", what));
    }
    const bool measured = was_measured(host);
    if (control.inside_smx && !measured) {
        return warn(
            fmt::format("{}: the firmware allows VMX only after a measured launch (TXT), and this was none", what),
            Remedy{"in the firmware setup switch on VT-x also outside of TXT, or TXT off; or boot by tboot",
                   {},
                   Where::firmware});
    }
    if (control.outside_smx && measured) {
        return warn(
            fmt::format("{}: tboot made a measured launch (TXT), after which the firmware allows no VMX", what),
            Remedy{"boot without tboot, or allow VMX together with TXT in the firmware setup", {}, Where::firmware});
    }
    if (!control.inside_smx && !control.outside_smx) {
        return skip(fmt::format("{}: VMX is off, with and without a measured launch (TXT)", what));
    }
    return pass(fmt::format("{}: VMX works {} a measured launch (TXT)", what, measured ? "after" : "without"));
}

bool switched_off(const HostFacts& host, std::uint64_t value)
{
    constexpr std::uint64_t svm_disabled = 1U << 4U;
    const auto control = decode(value);
    return has_amd(host) ? (value & svm_disabled) != 0
                         : control.locked && !(was_measured(host) ? control.inside_smx : control.outside_smx);
}

Verdict judge_lock(const HostFacts& host)
{
    if (auto verdict = no_msr(host)) {
        return *std::move(verdict);
    }
    const auto value = **host.kernel_settings.feature_control;
    const auto what =
        fmt::format("{} is {:#x}", has_amd(host) ? "VM_CR (0xc0010114)" : "IA32_FEATURE_CONTROL (0x3a)", value);
    if (!switched_off(host, value)) {
        return pass(fmt::format("{}: the firmware allows virtualization", what));
    }
    return warn(fmt::format("{}: the firmware switched virtualization off", what),
                is_guest(host) ? operator_remedy(host) : firmware_remedy(host));
}

constexpr std::array checks{
    Check{"fw.kernel_log",
          "the kernel blames no firmware",
          Severity::essential,
          {"underlay.xen_dom0", "cpu.virt_ext"},
          judge_kernel_log},
    Check{"fw.txt", "VMX is allowed as this kernel was started", Severity::advisory, {"cpu.virt_ext"}, judge_txt},
    Check{"fw.lock_msr",
          "the firmware allows virtualization",
          Severity::advisory,
          {"cpu.virt_ext", "fw.txt"},
          judge_lock},
};

}  // namespace

std::span<const Check> firmware_checks()
{
    return checks;
}

}  // namespace kvmkit
