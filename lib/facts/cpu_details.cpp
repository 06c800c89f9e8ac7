// SPDX-License-Identifier: Apache-2.0
#include "facts/cpu_details.hpp"

#include "base/number.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <iterator>

namespace kvmkit {
namespace {

using Flags = std::set<std::string, std::less<>>;

Flags flags_of(std::string_view text)
{
    Flags flags;
    for (const auto word : words(text)) {
        flags.emplace(word);
    }
    return flags;
}

/// "46 bits physical, 48 bits virtual": the number before the word.
std::optional<unsigned> bits(std::string_view sizes, std::string_view kind)
{
    const auto all = words(sizes);
    for (std::size_t i = 2; i < all.size(); ++i) {
        if (all[i].starts_with(kind)) {
            return decimal<unsigned>(all[i - 2]);
        }
    }
    return std::nullopt;
}

/// Compares each CPU's flags with the first's; equal lines, as nearly all are, cost no more than that.
class Comparison {
public:
    explicit Comparison(CpuDetails& details) : details_(details) {}

    void add(std::string_view flags)
    {
        ++details_.cpus;
        if (details_.cpus == 1) {
            first_ = flags;
        }
        if (flags == first_) {
            return;
        }
        const auto here = flags_of(flags);
        const auto there = flags_of(first_);
        std::set_symmetric_difference(here.begin(),
                                      here.end(),
                                      there.begin(),
                                      there.end(),
                                      std::inserter(details_.uneven, details_.uneven.end()));
        if (here != there) {
            ++details_.odd;
        }
    }

private:
    CpuDetails& details_;
    std::string_view first_;
};

}  // namespace

CpuDetails parse_cpu_details(std::string_view cpuinfo)
{
    CpuDetails details;
    Comparison comparison{details};
    for (const auto line : lines(cpuinfo)) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) {
            continue;
        }
        const auto key = trim(line.substr(0, colon));
        const auto value = trim(line.substr(colon + 1));
        if (key == "flags") {
            comparison.add(value);
        } else if (key == "vmx flags" && details.vmx.empty()) {
            details.vmx = flags_of(value);
        } else if (key == "address sizes" && !details.physical_bits) {
            details.physical_bits = bits(value, "physical");
            details.virtual_bits = bits(value, "virtual");
        }
    }
    return details;
}

}  // namespace kvmkit
