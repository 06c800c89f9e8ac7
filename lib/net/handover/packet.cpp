// SPDX-License-Identifier: Apache-2.0
#include "net/handover/packet.hpp"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include <algorithm>

namespace kvmkit::net {
namespace {

constexpr std::size_t padded(std::size_t size)
{
    return (size + NLMSG_ALIGNTO - 1) & ~static_cast<std::size_t>(NLMSG_ALIGNTO - 1);
}

/// Message types come in fours: new, del, get, set.
std::size_t header_size(std::uint16_t type)
{
    switch (type & ~3U) {
        case RTM_NEWLINK: return sizeof(ifinfomsg);
        case RTM_NEWADDR: return sizeof(ifaddrmsg);
        case RTM_NEWNEXTHOP: return sizeof(nhmsg);
        case RTM_NEWNEIGH: return sizeof(ndmsg);
        default: return sizeof(rtmsg);  // routes; rules have one of the same size
    }
}
static_assert(sizeof(rtmsg) == sizeof(fib_rule_hdr));

/// Where an attribute lies in a payload.
struct Place {
    std::size_t start;
    std::size_t size;  ///< Of header and bytes, without padding.
    std::uint16_t type;
};

template <class Visit>
void walk(std::string_view bytes, std::size_t start, Visit visit)
{
    while (start + sizeof(rtattr) <= bytes.size()) {
        rtattr head{};
        std::memcpy(&head, bytes.data() + start, sizeof(head));
        if (head.rta_len < sizeof(head) || start + head.rta_len > bytes.size()) {
            return;
        }
        visit(Place{start, head.rta_len, static_cast<std::uint16_t>(head.rta_type & NLA_TYPE_MASK)});
        start += padded(head.rta_len);
    }
}

}  // namespace

void for_each_attribute(std::string_view attributes, const OnAttribute& on_attribute)
{
    walk(attributes, 0, [&](const Place& place) {
        on_attribute(place.type, attributes.substr(place.start + sizeof(rtattr), place.size - sizeof(rtattr)));
    });
}

std::string_view attributes_of(const Packet& packet)
{
    const std::size_t start = padded(header_size(packet.type));
    return std::string_view{packet.payload}.substr(std::min(start, packet.payload.size()));
}

std::optional<std::string_view> attribute_in(std::string_view attributes, std::uint16_t type)
{
    std::optional<std::string_view> found;
    for_each_attribute(attributes, [&](std::uint16_t own, std::string_view bytes) {
        if (own == type && !found) {
            found = bytes;
        }
    });
    return found;
}

std::optional<std::string_view> attribute(const Packet& packet, std::uint16_t type)
{
    return attribute_in(attributes_of(packet), type);
}

std::optional<std::uint32_t> number(const Packet& packet, std::uint16_t type)
{
    const auto bytes = attribute(packet, type);
    std::uint32_t value = 0;
    if (!bytes || bytes->size() < sizeof(value)) {
        return std::nullopt;
    }
    std::memcpy(&value, bytes->data(), sizeof(value));
    return value;
}

std::optional<std::string> text(const Packet& packet, std::uint16_t type)
{
    const auto bytes = attribute(packet, type);
    return bytes ? std::optional{std::string{bytes->substr(0, bytes->find('\0'))}} : std::nullopt;
}

void put(Packet& packet, std::uint16_t type, std::string_view bytes)
{
    packet.payload.resize(padded(packet.payload.size()), '\0');
    const rtattr head{static_cast<std::uint16_t>(sizeof(rtattr) + bytes.size()), type};
    packet.payload.append(reinterpret_cast<const char*>(&head), sizeof(head)).append(bytes);
    packet.payload.resize(padded(packet.payload.size()), '\0');
}

void put_number(Packet& packet, std::uint16_t type, std::uint32_t value)
{
    put(packet, type, {reinterpret_cast<const char*>(&value), sizeof(value)});
}

void put_text(Packet& packet, std::uint16_t type, const std::string& value)
{
    put(packet, type, {value.c_str(), value.size() + 1});
}

void put_nest(Packet& packet, std::uint16_t type, const std::function<void(Packet& inner)>& fill)
{
    Packet inner;
    fill(inner);
    put(packet, type, inner.payload);
}

void remove(Packet& packet, std::uint16_t type)
{
    const std::size_t start = padded(header_size(packet.type));
    std::string kept = packet.payload.substr(0, start);
    walk(packet.payload, start, [&](const Place& place) {
        if (place.type != type) {
            kept.append(packet.payload, place.start, place.size);
            kept.resize(padded(kept.size()), '\0');
        }
    });
    packet.payload = std::move(kept);
}

void replace_number(Packet& packet, std::uint16_t type, std::uint32_t value)
{
    remove(packet, type);
    put_number(packet, type, value);
}

void replace_text(Packet& packet, std::uint16_t type, const std::string& value)
{
    remove(packet, type);
    put_text(packet, type, value);
}

void edit(Packet& packet, std::uint16_t type, const std::function<void(char* bytes, std::size_t size)>& change)
{
    walk(packet.payload, padded(header_size(packet.type)), [&](const Place& place) {
        if (place.type == type) {
            change(packet.payload.data() + place.start + sizeof(rtattr), place.size - sizeof(rtattr));
        }
    });
}

}  // namespace kvmkit::net
