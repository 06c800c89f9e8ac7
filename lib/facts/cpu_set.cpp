// SPDX-License-Identifier: Apache-2.0
#include "facts/cpu_set.hpp"

#include "base/number.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// Far above NR_CPUS of any kernel (8192 on x86), and low enough that no list fills the memory.
constexpr unsigned highest_cpu = 65'535;

struct Range {
    unsigned first = 0;
    unsigned last = 0;
};

std::optional<Range> range_of(std::string_view text)
{
    const auto dash = text.find('-');
    const auto first = decimal<unsigned>(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : decimal<unsigned>(text.substr(dash + 1));
    if (!first || !last || *first > *last || *last > highest_cpu) {
        return std::nullopt;
    }
    return Range{*first, *last};
}

}  // namespace

std::optional<CpuSet> CpuSet::parse(std::string_view text)
{
    CpuSet set;
    text = trim(text);
    for (const auto piece : text.empty() ? std::vector<std::string_view>{} : split(text, ',')) {
        const auto range = range_of(piece);
        if (!range) {
            return std::nullopt;
        }
        const auto old_size = set.cpus_.size();
        set.cpus_.resize(old_size + (range->last - range->first + 1));
        std::iota(set.cpus_.begin() + static_cast<std::ptrdiff_t>(old_size), set.cpus_.end(), range->first);
        if (set.cpus_.size() > highest_cpu + 1U) {  // a list that names CPUs again and again
            return std::nullopt;
        }
    }
    std::ranges::sort(set.cpus_);
    set.cpus_.erase(std::unique(set.cpus_.begin(), set.cpus_.end()), set.cpus_.end());
    return set;
}

CpuSet CpuSet::common_with(const CpuSet& other) const
{
    CpuSet common;
    std::ranges::set_intersection(cpus_, other.cpus_, std::back_inserter(common.cpus_));
    return common;
}

CpuSet CpuSet::joined_with(const CpuSet& other) const
{
    CpuSet joined;
    std::ranges::set_union(cpus_, other.cpus_, std::back_inserter(joined.cpus_));
    return joined;
}

std::string CpuSet::text() const
{
    std::string text;
    for (std::size_t first = 0; first < cpus_.size();) {
        std::size_t last = first;
        while (last + 1 < cpus_.size() && cpus_[last + 1] == cpus_[last] + 1) {
            ++last;
        }
        text += text.empty() ? "" : ",";
        text += first == last ? fmt::format("{}", cpus_[first]) : fmt::format("{}-{}", cpus_[first], cpus_[last]);
        first = last + 1;
    }
    return text;
}

std::optional<CpuSet> cpus_in_proc_stat(std::string_view text)
{
    constexpr std::string_view prefix = "cpu";
    std::string list;
    for (const auto line : lines(text)) {
        const auto pieces = words(line);
        if (!pieces.empty() && pieces.front().size() > prefix.size() && pieces.front().starts_with(prefix)) {
            list += list.empty() ? "" : ",";
            list += pieces.front().substr(prefix.size());
        }
    }
    return list.empty() ? std::nullopt : CpuSet::parse(list);
}

}  // namespace kvmkit
