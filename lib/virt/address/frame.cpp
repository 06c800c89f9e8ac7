// SPDX-License-Identifier: Apache-2.0
#include "virt/address/frame.hpp"

#include "base/printable.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::size_t mac_size = 6;
constexpr std::size_t ipv4_size = 4;
constexpr std::size_t ipv6_size = 16;

/// A view of bytes from which pieces are cut; whoever cuts too much gets nothing more.
class Cursor {
public:
    explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

    std::string_view take(std::size_t count)
    {
        if (count > bytes_.size()) {
            bytes_ = {};
            whole_ = false;
            return {};
        }
        const auto piece = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return piece;
    }
    std::uint8_t byte()
    {
        const auto piece = take(1);
        return piece.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(piece.front());
    }
    std::uint16_t word()
    {
        const unsigned high = byte();
        return static_cast<std::uint16_t>(high << 8U | byte());
    }
    [[nodiscard]] std::string_view rest() const { return bytes_; }
    [[nodiscard]] bool whole() const { return whole_; }

private:
    std::string_view bytes_;
    bool whole_ = true;
};

std::string mac_text(std::string_view bytes)
{
    std::string text;
    for (const char c : bytes) {
        text += fmt::format("{}{:02x}", text.empty() ? "" : ":", static_cast<std::uint8_t>(c));
    }
    return text;
}

std::string hex_text(std::string_view bytes)
{
    std::string text;
    for (const char c : bytes) {
        text += fmt::format("{:02x}", static_cast<std::uint8_t>(c));
    }
    return text;
}

/// Empty for the unspecified address and for bytes of another length.
std::string address_text(std::string_view bytes)
{
    const bool nothing = std::ranges::all_of(bytes, [](char c) { return c == '\0'; });
    if (nothing || (bytes.size() != ipv4_size && bytes.size() != ipv6_size)) {
        return {};
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = bytes.size() == ipv4_size ? AF_INET : AF_INET6;
    return ::inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr ? std::string{} : text.data();
}

std::optional<Sighting> claim(std::string_view mac, std::string_view address)
{
    const auto text = address_text(address);
    return text.empty() || mac.size() != mac_size ? std::nullopt
                                                  : std::optional<Sighting>{AddressClaim{mac_text(mac), text}};
}

/// Whoever sends ARP with an address of its own has it; a probe (RFC 5227) has none yet.
std::optional<Sighting> read_arp(Cursor arp)
{
    const bool ethernet = arp.word() == 1;
    const bool ipv4 = arp.word() == 0x0800;
    const bool sizes = arp.byte() == mac_size && arp.byte() == ipv4_size;
    const auto operation = arp.word();
    const auto mac = arp.take(mac_size);
    const auto address = arp.take(ipv4_size);
    const bool good = ethernet && ipv4 && sizes && (operation == 1 || operation == 2) && arp.whole();
    return good ? claim(mac, address) : std::nullopt;
}

std::optional<DhcpKind> kind_of(std::uint8_t number)
{
    switch (number) {
        case 1: return DhcpKind::discover;
        case 2: return DhcpKind::offer;
        case 3: return DhcpKind::request;
        case 4: return DhcpKind::decline;
        case 5: return DhcpKind::ack;
        case 6: return DhcpKind::nak;
        default: return std::nullopt;
    }
}

/// Takes the options apart up to their end; false if there is none of type 53, which makes it a DHCP message.
bool read_options(Cursor options, DhcpMessage& message)
{
    constexpr std::uint8_t padding = 0;
    constexpr std::uint8_t end = 255;
    bool typed = false;
    while (!options.rest().empty()) {
        const auto type = options.byte();
        if (type == padding) {
            continue;
        }
        if (type == end) {
            break;
        }
        const auto value = options.take(options.byte());
        if (!options.whole()) {
            return false;
        }
        if (type == 53 && value.size() == 1) {
            const auto kind = kind_of(static_cast<std::uint8_t>(value.front()));
            message.kind = kind.value_or(message.kind);
            typed = kind.has_value();
        } else if (type == 61) {
            message.client_id = hex_text(value);
        } else if (type == 54) {
            message.server = address_text(value.substr(0, ipv4_size));
        } else if (type == 50 && message.address.empty()) {
            message.address = address_text(value.substr(0, ipv4_size));
        } else if (type == 56) {
            message.words = printable(value, 120);
        }
    }
    return typed;
}

std::optional<Sighting> read_dhcp(Cursor bootp)
{
    constexpr std::size_t unused_by_us = 64 + 128;  // names of server and file
    constexpr std::string_view cookie{"\x63\x82\x53\x63", 4};
    (void)bootp.byte();  // who asks and who answers: the message's type tells
    const bool ethernet = bootp.byte() == 1;
    const bool size = bootp.byte() == mac_size;
    (void)bootp.take(1 + 4 + 2 + 2);
    const auto own = address_text(bootp.take(ipv4_size));
    const auto yours = address_text(bootp.take(ipv4_size));
    (void)bootp.take(2 * ipv4_size);
    DhcpMessage message{.client_mac = mac_text(bootp.take(16).substr(0, mac_size))};
    (void)bootp.take(unused_by_us);
    if (bootp.take(cookie.size()) != cookie || !ethernet || !size) {
        return std::nullopt;
    }
    message.address = yours.empty() ? own : yours;
    return read_options(bootp, message) ? std::optional<Sighting>{std::move(message)} : std::nullopt;
}

std::optional<Sighting> read_ipv4(Cursor packet)
{
    const auto first = packet.byte();
    const std::size_t header = (first & 0xfU) * 4U;
    (void)packet.take(5);
    const bool fragment = (packet.word() & 0x1fffU) != 0;
    (void)packet.byte();
    const bool udp = packet.byte() == 17;
    if ((first >> 4U) != 4 || header < 20 || fragment || !udp) {
        return std::nullopt;
    }
    (void)packet.take(header - 10);
    const auto source = packet.word();
    const auto target = packet.word();
    (void)packet.take(4);
    const bool dhcp = (source == 68 && target == 67) || (source == 67 && (target == 68 || target == 67));
    return dhcp ? read_dhcp(packet) : std::nullopt;
}

/// A neighbour advertisement tells of its target, a solicitation of its sender; one that proves an address to be free
/// has no sender yet.
std::optional<Sighting> read_ipv6(Cursor packet, std::string_view mac)
{
    const auto first = packet.byte();
    (void)packet.take(5);
    const bool icmp = packet.byte() == 58;
    const bool from_the_link = packet.byte() == 255;
    const auto sender = packet.take(ipv6_size);
    (void)packet.take(ipv6_size);
    const auto type = packet.byte();
    (void)packet.take(1 + 2 + 4);
    const auto target = packet.take(ipv6_size);
    if ((first >> 4U) != 6 || !icmp || !from_the_link || !packet.whole() || (type != 135 && type != 136)) {
        return std::nullopt;
    }
    return claim(mac, type == 136 ? target : sender);
}

}  // namespace

std::string_view word(DhcpKind kind) noexcept
{
    switch (kind) {
        case DhcpKind::discover: return "DISCOVER";
        case DhcpKind::offer: return "OFFER";
        case DhcpKind::request: return "REQUEST";
        case DhcpKind::decline: return "DECLINE";
        case DhcpKind::ack: return "ACK";
        case DhcpKind::nak: return "NAK";
    }
    return "";
}

std::optional<Sighting> read_frame(std::string_view frame)
{
    Cursor cursor{frame};
    (void)cursor.take(mac_size);
    const auto mac = cursor.take(mac_size);
    auto type = cursor.word();
    if (type == 0x8100) {
        (void)cursor.word();
        type = cursor.word();
    }
    switch (type) {
        case 0x0806: return read_arp(cursor);
        case 0x0800: return read_ipv4(cursor);
        case 0x86dd: return read_ipv6(cursor, mac);
        default: return std::nullopt;
    }
}

}  // namespace kvmkit::virt
