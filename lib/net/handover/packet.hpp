// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::net {

/// One rtnetlink message without its netlink header: what the kernel told, and what can be told it again. Attributes
/// that this program does not know stay as they are.
struct Packet {
    std::uint16_t type = 0;   ///< RTM_*
    std::uint16_t flags = 0;  ///< NLM_F_*; of a snapshot's routes NLM_F_REPLACE or NLM_F_APPEND.
    std::string payload = {};

    bool operator==(const Packet&) const = default;
};

/// A packet with a fixed header and no attribute yet.
template <class Header>
Packet make_packet(std::uint16_t type, std::uint16_t flags, const Header& header)
{
    return {type, flags, std::string{reinterpret_cast<const char*>(&header), sizeof(header)}};
}

/// The fixed header of a packet; zeros where it is too short.
template <class Header>
Header header_of(const Packet& packet)
{
    Header header{};
    if (packet.payload.size() >= sizeof(header)) {
        std::memcpy(&header, packet.payload.data(), sizeof(header));
    }
    return header;
}

template <class Header>
void set_header(Packet& packet, const Header& header)
{
    std::memcpy(packet.payload.data(), &header, sizeof(header));
}

using OnAttribute = std::function<void(std::uint16_t type, std::string_view bytes)>;

/// Walks attributes that lie one behind the other; the flag bits of their types are taken off. Damaged rest is left
/// out.
void for_each_attribute(std::string_view attributes, const OnAttribute& on_attribute);

/// The attributes of a packet, without its fixed header.
std::string_view attributes_of(const Packet& packet);

/// The first attribute of a type; absent if there is none.
std::optional<std::string_view> attribute(const Packet& packet, std::uint16_t type);
std::optional<std::string_view> attribute_in(std::string_view attributes, std::uint16_t type);
std::optional<std::uint32_t> number(const Packet& packet, std::uint16_t type);
/// A name, without the zero that ends it on the wire.
std::optional<std::string> text(const Packet& packet, std::uint16_t type);

/// Appends an attribute.
void put(Packet& packet, std::uint16_t type, std::string_view bytes);
void put_number(Packet& packet, std::uint16_t type, std::uint32_t value);
void put_text(Packet& packet, std::uint16_t type, const std::string& value);
/// Appends an attribute that holds others.
void put_nest(Packet& packet, std::uint16_t type, const std::function<void(Packet& inner)>& fill);

/// Takes all attributes of a type out.
void remove(Packet& packet, std::uint16_t type);
/// Puts one in the place of all others of its type.
void replace_number(Packet& packet, std::uint16_t type, std::uint32_t value);
void replace_text(Packet& packet, std::uint16_t type, const std::string& value);

/// Changes the bytes of an attribute where they lie; their number stays.
void edit(Packet& packet, std::uint16_t type, const std::function<void(char* bytes, std::size_t size)>& change);

}  // namespace kvmkit::net
