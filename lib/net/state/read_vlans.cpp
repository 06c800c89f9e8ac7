// SPDX-License-Identifier: Apache-2.0
#include "net/state/reader.hpp"

#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

struct VlansReading {
    std::optional<std::string> mode = {};
    std::optional<VlanId> tag = {};
    std::optional<bool> enable_native = {};
    std::optional<VlanSet> tagged = {};
};

struct RangeReading {
    std::optional<VlanId> min = {};
    std::optional<VlanId> max = {};
};

struct TagReading {
    std::optional<VlanId> id = {};
    std::optional<RangeReading> range = {};
};

std::optional<VlanId> read_tag(const Spot& spot)
{
    const auto number = spot.number(first_vlan, last_vlan);
    return number ? std::optional{static_cast<VlanId>(*number)} : std::nullopt;
}

constexpr std::array<KeyRow<RangeReading>, 2> range_keys{
    {{"min", [](const Spot& spot, RangeReading& range) { range.min = read_tag(spot); }},
     {"max", [](const Spot& spot, RangeReading& range) { range.max = read_tag(spot); }}}};

constexpr std::array<KeyRow<TagReading>, 2> tag_keys{
    {{"id", [](const Spot& spot, TagReading& tag) { tag.id = read_tag(spot); }},
     {"id-range",
      [](const Spot& spot, TagReading& tag) { read_map<RangeReading>(spot, range_keys, tag.range.emplace()); }}}};

/// The VLANs of one item; absent after a mistake.
std::optional<VlanRange> range_of(const Spot& item)
{
    const bool written = item.node().kind == Node::Kind::map && !item.node().children.empty();
    if (!written) {
        item.complain("a tag is expected here", "write id: 100, or id-range: with min: 200 and max: 299");
        return std::nullopt;
    }
    TagReading tag;
    read_map<TagReading>(item, tag_keys, tag);
    if (tag.id) {
        return VlanRange{*tag.id, *tag.id};
    }
    if (!tag.range || !tag.range->min || !tag.range->max) {
        if (tag.range && find(*find(item.node(), "id-range"), tag.range->min ? "max" : "min") == nullptr) {
            item.complain(fmt::format("the range has no '{}'", tag.range->min ? "max" : "min"),
                          "write id-range: with min: 200 and max: 299");
        }
        return std::nullopt;
    }
    if (*tag.range->min > *tag.range->max) {
        item.complain(fmt::format("the range from {} to {} is empty", *tag.range->min, *tag.range->max),
                      "write the smaller number as min");
        return std::nullopt;
    }
    return VlanRange{*tag.range->min, *tag.range->max};
}

void read_trunk_tags(const Spot& spot, VlansReading& reading)
{
    VlanSet& tagged = reading.tagged.emplace();
    for (const Spot& item : spot.items()) {
        const auto range = range_of(item);
        if (!range) {
            continue;
        }
        VlanSet more;
        more.add(*range);
        if (const auto twice = tagged.both(more); !twice.empty()) {
            item.complain(fmt::format("the VLANs {} stand twice in this list", twice.str()), "keep one of them");
        }
        tagged.add(*range);
    }
}

constexpr std::array<KeyRow<VlansReading>, 4> vlans_keys{
    {{"mode",
      [](const Spot& spot, VlansReading& reading) {
          reading.mode = spot.text();
          if (reading.mode && *reading.mode != "access" && *reading.mode != "trunk") {
              spot.complain(fmt::format("'{}' is no mode of a port", *reading.mode), "write access or trunk");
          }
      }},
     {"tag", [](const Spot& spot, VlansReading& reading) { reading.tag = read_tag(spot); }},
     {"enable-native", [](const Spot& spot, VlansReading& reading) { reading.enable_native = spot.boolean(); }},
     {"trunk-tags", read_trunk_tags}}};

void judge_access(const Spot& spot, const VlansReading& reading)
{
    if (reading.enable_native.value_or(false)) {
        spot.near("enable-native")
            .complain_of_key("'enable-native' has no meaning in mode access",
                             "an access port has its tag alone, leave the key out");
    }
    if (reading.tagged && !reading.tagged->empty()) {
        const auto tags = spot.entry("trunk-tags");
        tags->complain_of_key("'trunk-tags' have no meaning in mode access", "write mode: trunk");
    }
    if (!reading.tag && !spot.entry("tag")) {
        spot.complain("an access port needs its VLAN", "write tag: and a number from 1 to 4094");
    }
}

void judge_trunk(const Spot& spot, const VlansReading& reading)
{
    const bool native = reading.enable_native.value_or(false);
    if (reading.tag && !native) {
        spot.near("tag").complain_of_key("a trunk's 'tag' is its native VLAN, and 'enable-native' is not on",
                                         "write enable-native: true, or leave 'tag' out");
    }
    if (native && !reading.tag && !spot.entry("tag")) {
        spot.near("enable-native")
            .complain_of_key("'enable-native' needs to know the VLAN", "write tag: 1, or another");
    }
    const auto tags = spot.entry("trunk-tags");
    if (!tags || tags->node().children.empty()) {
        (tags ? *tags : spot)
            .complain("a trunk needs the VLANs that it carries",
                      "write trunk-tags: with - id: 100 or - id-range: {min: 200, max: 299}");
    }
    if (native && reading.tag && reading.tagged && reading.tagged->has(*reading.tag)) {
        spot.near("tag").complain(fmt::format("the native VLAN {} stands in 'trunk-tags', too", *reading.tag),
                                  "a VLAN is either native or tagged: keep one of them");
    }
}

}  // namespace

std::optional<DesiredVlans> read_vlans(const Spot& spot)
{
    VlansReading reading;
    read_map<VlansReading>(spot, vlans_keys, reading);
    if (spot.node().kind != Node::Kind::map) {
        return std::nullopt;
    }
    if (spot.node().children.empty()) {
        return DesiredVlans{};
    }
    const bool trunk = reading.mode == "trunk";
    if (!reading.mode && reading.tagged) {
        spot.complain("'trunk-tags' are given, and no 'mode'", "write mode: trunk");
    } else if (trunk) {
        judge_trunk(spot, reading);
    } else if (!reading.mode || *reading.mode == "access") {
        judge_access(spot, reading);
    }
    DesiredVlans vlans;
    vlans.native = reading.tag;
    if (trunk && reading.tagged) {
        vlans.tagged = *reading.tagged;
    }
    return vlans;
}

}  // namespace kvmkit::net
