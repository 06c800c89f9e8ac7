// SPDX-License-Identifier: Apache-2.0
#include "check/explain/msr.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace kvmkit {
namespace {

constexpr std::string_view no_pmu = "<pmu state='off'/>";
constexpr std::string_view no_kvmclock = "<timer name='kvmclock' present='no'/>";

/// Names as QEMU (target/i386/cpu.c) and libvirt (cpu_map) spell them. 0x10a was seen to fail on KVM-PVM, 0x480 to
/// 0x491, 0x38d, 0xe1, 0xd90 and 0xc0000104 in reports of users; the rest follows from which feature QEMU tests before
/// it writes the register.
constexpr std::array features{
    MsrFeature{0x3A, 0x3A, "VMX, for guests of the guest", "-vmx", "<feature policy='disable' name='vmx'/>"},
    MsrFeature{0x48, 0x48, "speculation control", "-spec-ctrl", "<feature policy='disable' name='spec-ctrl'/>"},
    MsrFeature{0x8C, 0x8F, "SGX launch control", "-sgxlc", "<feature policy='disable' name='sgxlc'/>"},
    MsrFeature{0xC1, 0xC8, "the performance counters", "pmu=off", no_pmu},
    MsrFeature{
        0xCF, 0xCF, "core capabilities", "-core-capability", "<feature policy='disable' name='core-capability'/>"},
    MsrFeature{0xE1, 0xE1, "UMWAIT and TPAUSE", "-waitpkg", "<feature policy='disable' name='waitpkg'/>"},
    MsrFeature{0x10A,
               0x10A,
               "the list of mitigations in the CPU",
               "-arch-capabilities",
               "<feature policy='disable' name='arch-capabilities'/>"},
    MsrFeature{0x122, 0x122, "TSX control", "-tsx-ctrl,-hle,-rtm", "<feature policy='disable' name='tsx-ctrl'/>"},
    MsrFeature{0x186, 0x18D, "the performance counters", "pmu=off", no_pmu},
    MsrFeature{0x1C4, 0x1C5, "extended feature disable (AMX)", "-xfd", "<feature policy='disable' name='xfd'/>"},
    MsrFeature{0x309, 0x30C, "the performance counters", "pmu=off", no_pmu},
    MsrFeature{0x345, 0x345, "performance capabilities", "-pdcm", "<feature policy='disable' name='pdcm'/>"},
    MsrFeature{0x38D, 0x390, "the performance counters", "pmu=off", no_pmu},
    MsrFeature{0x3F1, 0x3F2, "sampling of events (PEBS)", "pmu=off", no_pmu},
    MsrFeature{0x480, 0x492, "VMX, for guests of the guest", "-vmx", "<feature policy='disable' name='vmx'/>"},
    MsrFeature{0x560, 0x587, "processor trace", "-intel-pt", "<feature policy='disable' name='intel-pt'/>"},
    MsrFeature{0x600, 0x600, "sampling of events (PEBS)", "pmu=off", no_pmu},
    MsrFeature{
        0x6E0, 0x6E0, "the TSC deadline timer", "-tsc-deadline", "<feature policy='disable' name='tsc-deadline'/>"},
    MsrFeature{0xD90, 0xD90, "memory protection extensions", "-mpx", "<feature policy='disable' name='mpx'/>"},
    MsrFeature{0xDA0, 0xDA0, "supervisor state (XSAVES)", "-xsaves", "<feature policy='disable' name='xsaves'/>"},
    MsrFeature{0x14CE, 0x14CF, "records of last branches", "-arch-lbr", "<feature policy='disable' name='arch-lbr'/>"},
    MsrFeature{0x4B564D00, 0x4B564D01, "KVM's clock", "-kvmclock", no_kvmclock},
    MsrFeature{0x4B564D02, 0x4B564D02, "KVM's asynchronous page faults", "-kvm-asyncpf", ""},
    MsrFeature{0x4B564D03, 0x4B564D03, "KVM's stolen time", "-kvm-steal-time", ""},
    MsrFeature{0x4B564D04, 0x4B564D04, "KVM's end of interrupt", "-kvm-pv-eoi", ""},
    MsrFeature{0x4B564D05, 0x4B564D05, "KVM's polling control", "-kvm-poll-control", ""},
    MsrFeature{0x4B564D06, 0x4B564D07, "KVM's asynchronous page faults", "-kvm-asyncpf-int", ""},
    MsrFeature{0xC0000103, 0xC0000103, "RDTSCP", "-rdtscp", "<feature policy='disable' name='rdtscp'/>"},
    MsrFeature{0xC0000104, 0xC0000104, "TSC scaling", "-tsc-scale", "<feature policy='disable' name='tsc-scale'/>"},
    MsrFeature{0xC0010000, 0xC0010007, "the performance counters", "pmu=off", no_pmu},
    MsrFeature{0xC0010200, 0xC001020B, "the performance counters", "pmu=off", no_pmu},
    MsrFeature{0xC001011F,
               0xC001011F,
               "speculative store control",
               "-virt-ssbd",
               "<feature policy='disable' name='virt-ssbd'/>"},
};

}  // namespace

std::optional<MsrFeature> msr_feature(std::uint32_t msr)
{
    const auto found = std::ranges::find_if(
        features, [msr](const MsrFeature& feature) { return feature.first <= msr && msr <= feature.last; });
    return found == features.end() ? std::nullopt : std::optional{*found};
}

std::optional<std::uint32_t> parse_msr(std::string_view text)
{
    constexpr int hexadecimal = 16;
    constexpr int decimal = 10;
    const bool prefixed = text.starts_with("0x") || text.starts_with("0X");
    if (prefixed) {
        text.remove_prefix(2);
    }
    std::uint32_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, prefixed ? hexadecimal : decimal);
    return error == std::errc{} && stop == end ? std::optional{value} : std::nullopt;
}

}  // namespace kvmkit
