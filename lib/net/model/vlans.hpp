// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

/// An 802.1Q VLAN identifier: 1 to 4094.
using VlanId = std::uint16_t;
constexpr VlanId first_vlan = 1;
constexpr VlanId last_vlan = 4094;

/// Reads a VLAN identifier. ErrorCode::usage says what would be right.
Result<VlanId> parse_vlan_id(std::string_view text);

/// Both ends belong to it.
struct VlanRange {
    VlanId first = 0;
    VlanId last = 0;

    bool operator==(const VlanRange&) const = default;
    /// "100", "200-299"
    [[nodiscard]] std::string str() const;
};

/// A set of VLANs.
class VlanSet {
public:
    VlanSet() = default;
    /// Reads "100,200-299". ErrorCode::usage says what would be right.
    static Result<VlanSet> parse(std::string_view text);

    void add(VlanRange range);
    void add(VlanId vlan) { add({vlan, vlan}); }
    void remove(VlanId vlan);
    [[nodiscard]] bool has(VlanId vlan) const;
    [[nodiscard]] bool empty() const { return vlans_.none(); }
    [[nodiscard]] std::size_t size() const { return vlans_.count(); }
    /// Ascending, as few as possible.
    [[nodiscard]] std::vector<VlanRange> ranges() const;
    /// "100,200-299"
    [[nodiscard]] std::string str() const;
    /// Those of this set that are not in the other.
    [[nodiscard]] VlanSet without(const VlanSet& other) const;
    [[nodiscard]] VlanSet both(const VlanSet& other) const;
    bool operator==(const VlanSet&) const = default;

private:
    std::bitset<last_vlan + 1> vlans_;
};

/// The VLANs that a port of a bridge, or the bridge itself, belongs to.
struct VlanMembership {
    VlanSet members = {};
    VlanSet untagged = {};            ///< Leave without a tag.
    std::optional<VlanId> pvid = {};  ///< What comes in without a tag belongs to this one.

    bool operator==(const VlanMembership&) const = default;
};

}  // namespace kvmkit::net
