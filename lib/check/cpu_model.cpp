// SPDX-License-Identifier: Apache-2.0
#include "check/cpu_model.hpp"

#include "check/explain/msr.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

/// Each feature once, in the order in which its MSRs were met.
std::vector<MsrFeature> features_of(const MsrWriteback& msrs)
{
    std::vector<MsrFeature> features;
    for (const RefusedMsr& msr : msrs.first) {
        const auto feature = msr_feature(msr.index);
        if (feature && std::ranges::find(features, feature->switches, &MsrFeature::switches) == features.end()) {
            features.push_back(*feature);
        }
    }
    return features;
}

/// Whether leaving features out is known to be enough.
bool all_known(const MsrWriteback& msrs)
{
    return msrs.refused <= msrs.first.size() &&
           std::ranges::all_of(msrs.first, [](const RefusedMsr& msr) { return msr_feature(msr.index).has_value(); });
}

/// A CPU with next to no feature MSRs, which every x86 host can give.
constexpr std::string_view plain_model = "qemu64";

std::string name_of(const RefusedMsr& msr)
{
    const auto feature = msr_feature(msr.index);
    return feature ? fmt::format("MSR {:#x} ({})", msr.index, feature->what) : fmt::format("MSR {:#x}", msr.index);
}

std::string model_without(const std::vector<MsrFeature>& features)
{
    std::string model = "host";
    for (const MsrFeature& feature : features) {
        model += fmt::format(",{}", feature.switches);
    }
    return model;
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
    if (!msrs || !*msrs || (*msrs)->refused == 0) {
        return "host";
    }
    return all_known(**msrs) ? model_without(features_of(**msrs)) : std::string{plain_model};
}

Remedy writeback_remedy(const MsrWriteback& msrs)
{
    const auto features = features_of(msrs);
    if (!all_known(msrs)) {
        return {
            "give guests a named CPU model: for some of these MSRs no feature is known that could be left out; "
            "libvirt: "
            "<cpu mode='custom'><model>qemu64</model></cpu>",
            {fmt::format("qemu-system-x86_64 -accel kvm -cpu {}", plain_model)}};
    }
    std::vector<std::string_view> elements;
    for (const MsrFeature& feature : features) {
        if (!feature.xml.empty()) {
            elements.push_back(feature.xml);
        }
    }
    Remedy remedy{"start guests without what KVM advertises here and does not have",
                  {fmt::format("qemu-system-x86_64 -accel kvm -cpu {}", model_without(features))}};
    if (!elements.empty()) {
        remedy.summary += fmt::format("; libvirt: {}", fmt::join(elements, ", "));
    }
    return remedy;
}

}  // namespace kvmkit
