// SPDX-License-Identifier: Apache-2.0
#include "net/model/vlans.hpp"

#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {

Result<VlanId> parse_vlan_id(std::string_view text)
{
    VlanId vlan = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), vlan, 10);
    const bool whole = problem == std::errc{} && end == text.data() + text.size();
    if (!whole || vlan < first_vlan || vlan > last_vlan) {
        return Error{ErrorCode::usage,
                     fmt::format("'{}' is no VLAN", text),
                     fmt::format("give a number from {} to {}", first_vlan, last_vlan)};
    }
    return vlan;
}

Result<VlanSet> VlanSet::parse(std::string_view text)
{
    VlanSet set;
    for (std::size_t start = 0; start <= text.size();) {
        const auto comma = std::min(text.find(',', start), text.size());
        const auto part = text.substr(start, comma - start);
        const auto dash = part.find('-');
        const auto first = parse_vlan_id(part.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : parse_vlan_id(part.substr(dash + 1));
        if (!first || !last || *first > *last) {
            return Error{ErrorCode::usage,
                         fmt::format("'{}' is no list of VLANs", text),
                         fmt::format("write it as 100,200-299, with numbers from {} to {}", first_vlan, last_vlan)};
        }
        set.add({*first, *last});
        start = comma + 1;
    }
    return set;
}

void VlanSet::add(VlanRange range)
{
    for (unsigned vlan = range.first; vlan <= range.last; ++vlan) {
        vlans_.set(vlan);
    }
}

void VlanSet::remove(VlanId vlan)
{
    vlans_.reset(vlan);
}

bool VlanSet::has(VlanId vlan) const
{
    return vlan < vlans_.size() && vlans_.test(vlan);
}

std::string VlanRange::str() const
{
    return first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
}

std::vector<VlanRange> VlanSet::ranges() const
{
    std::vector<VlanRange> ranges;
    for (VlanId vlan = first_vlan; vlan <= last_vlan; ++vlan) {
        if (!vlans_.test(vlan)) {
            continue;
        }
        if (!ranges.empty() && ranges.back().last + 1 == vlan) {
            ranges.back().last = vlan;
        } else {
            ranges.push_back({vlan, vlan});
        }
    }
    return ranges;
}

std::string VlanSet::str() const
{
    std::vector<std::string> parts;
    for (const VlanRange& range : ranges()) {
        parts.push_back(range.str());
    }
    return fmt::format("{}", fmt::join(parts, ","));
}

VlanSet VlanSet::without(const VlanSet& other) const
{
    VlanSet rest = *this;
    rest.vlans_ &= ~other.vlans_;
    return rest;
}

VlanSet VlanSet::both(const VlanSet& other) const
{
    VlanSet common = *this;
    common.vlans_ &= other.vlans_;
    return common;
}

}  // namespace kvmkit::net
