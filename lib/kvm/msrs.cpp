// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/msrs.hpp"

#include "kvm/internal/cpuid_table.hpp"

#if defined(__x86_64__)
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

namespace kvmkit::kvm {
namespace {

/// struct kvm_msr_list and struct kvm_msrs with room for their entries; why written out: cpuid_table.hpp.
struct MsrList {
    std::uint32_t count;
    std::array<std::uint32_t, 1024> indices;

    [[nodiscard]] std::span<const std::uint32_t> used() const noexcept
    {
        return std::span{indices}.first(std::min<std::size_t>(count, indices.size()));
    }
};
struct MsrListHead {
    std::uint32_t count;
};
struct OneMsr {
    std::uint32_t count = 1;
    std::uint32_t padding = 0;
    struct kvm_msr_entry entry {};
};
struct MsrsHead {
    std::uint32_t count;
    std::uint32_t padding;
};
constexpr unsigned long get_msr_index_list = _IOWR(KVMIO, 0x02, MsrListHead);
constexpr unsigned long get_msr_feature_index_list = _IOWR(KVMIO, 0x0a, MsrListHead);
constexpr unsigned long get_msrs = _IOWR(KVMIO, 0x88, MsrsHead);
constexpr unsigned long set_msrs = _IOW(KVMIO, 0x89, MsrsHead);

enum class Register : std::uint8_t { ecx, edx };

/// A feature MSR that QEMU writes where the vCPU's CPUID has the bit (target/i386/kvm.c does so for `-cpu host`).
struct WrittenFeature {
    std::uint32_t first;
    std::uint32_t last;
    std::uint32_t leaf;
    Register reg;
    unsigned bit;
};
constexpr std::array written_features{
    WrittenFeature{0x10a, 0x10a, 0x7, Register::edx, 29},  // IA32_ARCH_CAPABILITIES
    WrittenFeature{0xcf, 0xcf, 0x7, Register::edx, 30},    // IA32_CORE_CAPABILITIES
    WrittenFeature{0x345, 0x345, 0x1, Register::ecx, 15},  // IA32_PERF_CAPABILITIES
    // IA32_VMX_*, without those that KVM makes of others and lets nobody write: the controls without TRUE, FIXED1.
    WrittenFeature{0x480, 0x480, 0x1, Register::ecx, 5},
    WrittenFeature{0x485, 0x486, 0x1, Register::ecx, 5},
    WrittenFeature{0x488, 0x488, 0x1, Register::ecx, 5},
    WrittenFeature{0x48a, 0x491, 0x1, Register::ecx, 5},
};

bool is_written(std::uint32_t index, const CpuidTable& cpuid) noexcept
{
    return std::ranges::any_of(written_features, [index, &cpuid](const WrittenFeature& feature) {
        const auto* leaf = cpuid.find(feature.leaf);
        if (index < feature.first || index > feature.last || leaf == nullptr) {
            return false;
        }
        const std::uint32_t bits = feature.reg == Register::ecx ? leaf->ecx : leaf->edx;
        return (bits >> feature.bit & 1U) != 0;
    });
}

/// Hyper-V's synthetic MSRs, which QEMU leaves alone unless it is asked for them.
bool is_hyperv(std::uint32_t index) noexcept
{
    constexpr std::uint32_t first = 0x40000000;
    constexpr std::uint32_t last = 0x400001ff;
    return index >= first && index <= last;
}

bool read_list(int device, unsigned long request, MsrList& list) noexcept
{
    list.count = static_cast<std::uint32_t>(list.indices.size());
    return ::ioctl(device, request, &list) == 0;
}

std::optional<std::uint64_t> read_msr(int fd, std::uint32_t index) noexcept
{
    OneMsr msr;
    msr.entry.index = index;
    return ::ioctl(fd, get_msrs, &msr) == 1 ? std::optional{std::uint64_t{msr.entry.data}} : std::nullopt;
}

/// Writes back and keeps what was refused.
class Writer {
public:
    explicit Writer(int vcpu) : vcpu_(vcpu) {}

    void write(std::uint32_t index, std::uint64_t value) noexcept
    {
        ++result_.checked;
        if (write_msr(vcpu_, index, value)) {
            return;
        }
        if (result_.refused < result_.first.size()) {
            result_.first.at(result_.refused) = {index, value};
        }
        ++result_.refused;
    }

    [[nodiscard]] const MsrWriteback& result() const noexcept { return result_; }

private:
    int vcpu_;
    MsrWriteback result_;
};

}  // namespace

std::optional<std::uint64_t> feature_msr(int device, std::uint32_t index) noexcept
{
    return read_msr(device, index);
}

bool write_msr(int vcpu, std::uint32_t index, std::uint64_t value) noexcept
{
    OneMsr msr;
    msr.entry.index = index;
    msr.entry.data = value;
    return ::ioctl(vcpu, set_msrs, &msr) == 1;
}

MsrWriteback write_msrs_back(int device) noexcept
{
    static CpuidTable cpuid;  // both kept off the stack
    static MsrList list;
    auto machine = Machine::build(device, Interrupts::in_kernel);
    if (!machine) {
        return {.errnum = machine.error().errnum};
    }
    Writer writer{machine->vcpu()};
    if (!read_supported_cpuid(device, cpuid) || !read_list(device, get_msr_index_list, list)) {
        return {.errnum = errno};
    }
    for (const std::uint32_t index : list.used()) {
        const auto value = is_hyperv(index) ? std::nullopt : read_msr(machine->vcpu(), index);
        if (value) {
            writer.write(index, *value);
        }
    }
    if (!read_list(device, get_msr_feature_index_list, list)) {
        return writer.result();  // a kernel before Linux 4.17 has no feature MSRs
    }
    for (const std::uint32_t index : list.used()) {
        const auto value = feature_msr(device, index);
        if (value && is_written(index, cpuid)) {
            writer.write(index, *value);
        }
    }
    return writer.result();
}

}  // namespace kvmkit::kvm
#else
#include <cerrno>

namespace kvmkit::kvm {

std::optional<std::uint64_t> feature_msr(int /*device*/, std::uint32_t /*index*/) noexcept
{
    return std::nullopt;
}

bool write_msr(int /*vcpu*/, std::uint32_t /*index*/, std::uint64_t /*value*/) noexcept
{
    return false;
}

MsrWriteback write_msrs_back(int /*device*/) noexcept
{
    return {.errnum = ENOSYS};
}

}  // namespace kvmkit::kvm
#endif
