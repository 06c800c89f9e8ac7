// SPDX-License-Identifier: Apache-2.0
#include "facts/cpu.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <functional>
#include <map>

namespace kvmkit {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

/// The first value of each key. Some architectures put common lines before the CPUs, others after them.
Fields first_fields(std::string_view text)
{
    Fields fields;
    for (const auto line : lines(text)) {
        const auto colon = line.find(':');
        if (colon != std::string_view::npos) {
            fields.try_emplace(std::string{trim(line.substr(0, colon))}, trim(line.substr(colon + 1)));
        }
    }
    return fields;
}

/// The first of these keys that has a value.
std::string first_of(const Fields& fields, std::initializer_list<std::string_view> keys)
{
    for (const auto key : keys) {
        const auto found = fields.find(key);
        if (found != fields.end() && !found->second.empty()) {
            return found->second;
        }
    }
    return {};
}

bool has_word(std::string_view text, std::string_view wanted)
{
    for (const auto candidate : words(text)) {
        if (candidate == wanted) {
            return true;
        }
    }
    return false;
}

/// "rv64imafdch_zicsr": RISC-V's letters, up to the first of the longer names.
bool has_hypervisor_extension(std::string_view isa)
{
    constexpr std::size_t width = 4;  // "rv64"
    return isa.starts_with("rv") && isa.size() > width &&
           isa.substr(width, isa.find('_') - width).find('h') != std::string_view::npos;
}

}  // namespace

VirtFlag virt_flag(const CpuFacts& cpu) noexcept
{
    if (cpu.has_flag("vmx")) {
        return VirtFlag::vmx;
    }
    if (cpu.has_flag("svm")) {
        return VirtFlag::svm;
    }
    if (cpu.has_flag("sie")) {
        return VirtFlag::sie;
    }
    if (cpu.has_flag("lvz")) {
        return VirtFlag::lvz;
    }
    return std::ranges::any_of(cpu.flags, has_hypervisor_extension) ? VirtFlag::h : VirtFlag::none;
}

bool is_amd(const CpuFacts& cpu) noexcept
{
    return virt_flag(cpu) == VirtFlag::svm || cpu.vendor == "AuthenticAMD" || cpu.vendor == "HygonGenuine";
}

std::string_view word(VirtFlag flag) noexcept
{
    switch (flag) {
        case VirtFlag::vmx: return "vmx";
        case VirtFlag::svm: return "svm";
        case VirtFlag::sie: return "sie";
        case VirtFlag::lvz: return "lvz";
        case VirtFlag::h: return "h";
        case VirtFlag::none: return "none";
    }
    return "none";
}

CpuFacts parse_cpuinfo(std::string_view text)
{
    const Fields fields = first_fields(text);
    CpuFacts facts;
    facts.vendor = first_of(fields, {"vendor_id", "CPU implementer", "mvendorid"});
    facts.model = first_of(fields, {"model name", "Model Name", "cpu", "uarch", "Processor", "CPU part"});
    facts.platform = first_of(fields, {"platform"});
    facts.machine = first_of(fields, {"machine"});
    const auto flags = first_of(fields, {"flags", "Features", "features", "isa"});
    for (const auto flag : words(flags)) {
        facts.flags.emplace(flag);
    }
    return facts;
}

std::string arch_of_cpuinfo(std::string_view text)
{
    const Fields fields = first_fields(text);
    if (first_of(fields, {"vendor_id"}) == "IBM/S390") {
        return "s390x";
    }
    if (const auto flags = first_of(fields, {"flags"}); !flags.empty()) {
        return has_word(flags, "lm") ? "x86_64" : "i686";
    }
    if (!first_of(fields, {"CPU implementer"}).empty()) {
        return first_of(fields, {"CPU architecture"}) == "8" ? "aarch64" : "armv7l";
    }
    if (const auto isa = first_of(fields, {"isa"}); isa.starts_with("rv")) {
        return isa.starts_with("rv32") ? "riscv32" : "riscv64";
    }
    if (first_of(fields, {"Model Name", "cpu model"}).starts_with("Loongson")) {
        return "loongarch64";
    }
    return first_of(fields, {"cpu"}).starts_with("POWER") ? "ppc64" : "";
}

bool is_x86(std::string_view arch) noexcept
{
    return arch == "x86_64" || (arch.size() == 4 && arch.front() == 'i' && arch.ends_with("86"));
}

}  // namespace kvmkit
