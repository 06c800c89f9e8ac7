// SPDX-License-Identifier: Apache-2.0
#include "check/cpu_model.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

/// MSRs that hang on one feature of the CPU model: without the feature QEMU does not write them.
struct FeatureMsrs {
    std::uint32_t first;
    std::uint32_t last;
    std::string_view feature;  ///< As QEMU and libvirt spell it.
};

constexpr std::string_view pmu = "pmu";

/// Intel SDM 4 and QEMU's target/i386: which feature brings which MSR.
constexpr std::array by_feature{
    FeatureMsrs{0x10a, 0x10a, "arch-capabilities"},
    FeatureMsrs{0xcf, 0xcf, "core-capability"},
    FeatureMsrs{0x345, 0x345, "pdcm"},
    FeatureMsrs{0x480, 0x491, "vmx"},
    FeatureMsrs{0xe1, 0xe1, "waitpkg"},
    FeatureMsrs{0x122, 0x122, "tsx-ctrl"},
    FeatureMsrs{0xd90, 0xd90, "mpx"},
    FeatureMsrs{0xda0, 0xda0, "xsaves"},
    FeatureMsrs{0xc1, 0xc8, pmu},  // performance counters
    FeatureMsrs{0x186, 0x18f, pmu},
    FeatureMsrs{0x309, 0x30c, pmu},
    FeatureMsrs{0x38d, 0x390, pmu},
    FeatureMsrs{0x4c1, 0x4c8, pmu},
};

std::string_view feature_of(std::uint32_t index)
{
    const auto* found = std::ranges::find_if(
        by_feature, [index](const FeatureMsrs& msrs) { return index >= msrs.first && index <= msrs.last; });
    return found == by_feature.end() ? "" : found->feature;
}

/// Each once, in the order in which they were met.
std::vector<std::string_view> features_of(const MsrWriteback& msrs)
{
    std::vector<std::string_view> features;
    for (const RefusedMsr& msr : msrs.first) {
        const auto feature = feature_of(msr.index);
        if (!feature.empty() && std::ranges::find(features, feature) == features.end()) {
            features.push_back(feature);
        }
    }
    return features;
}

std::string name_of(const RefusedMsr& msr)
{
    const auto feature = feature_of(msr.index);
    return feature.empty() ? fmt::format("MSR {:#x}", msr.index) : fmt::format("MSR {:#x} ({})", msr.index, feature);
}

std::string model_without(const std::vector<std::string_view>& features)
{
    std::string model = "host";
    for (const auto feature : features) {
        model += feature == pmu ? ",pmu=off" : fmt::format(",-{}", feature);
    }
    return model;
}

std::string libvirt_line(std::string_view feature)
{
    return feature == pmu ? "libvirt, in <features>: <pmu state='off'/>"
                          : fmt::format("libvirt, in <cpu>: <feature policy='disable' name='{}'/>", feature);
}

}  // namespace

std::string refused_names(const MsrWriteback& msrs)
{
    constexpr std::size_t shown = 4;
    std::vector<std::string> names;
    for (const RefusedMsr& msr : msrs.first) {
        if (names.size() < shown) {
            names.push_back(name_of(msr));
        }
    }
    const auto more = msrs.refused > names.size() ? fmt::format(" and {} more", msrs.refused - names.size()) : "";
    return fmt::format("{}{}", fmt::join(names, ", "), more);
}

std::string host_model(const Fact<MsrWriteback>& msrs)
{
    return msrs && *msrs ? model_without(features_of(**msrs)) : "host";
}

Remedy writeback_remedy(const MsrWriteback& msrs)
{
    const auto features = features_of(msrs);
    if (features.empty()) {
        return {"let KVM ignore MSRs that it does not know; guests then read zeros there",
                {"echo 1 >/sys/module/kvm/parameters/ignore_msrs"}};
    }
    Remedy remedy{"start guests without what the hypervisor below does not really have",
                  {fmt::format("qemu-system-x86_64 -accel kvm -cpu {}", model_without(features))}};
    std::vector<std::string> lines;
    for (const auto feature : features) {
        lines.push_back(libvirt_line(feature));
    }
    remedy.summary += fmt::format(" ({})", fmt::join(lines, "; "));
    return remedy;
}

}  // namespace kvmkit
