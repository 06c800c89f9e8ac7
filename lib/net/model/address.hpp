// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace kvmkit::net {

/// A link's hardware address, 48 bits.
class MacAddress {
public:
    using Octets = std::array<std::uint8_t, 6>;

    explicit constexpr MacAddress(const Octets& octets) noexcept : octets_(octets) {}
    /// Reads "52:54:00:12:34:56".
    static Result<MacAddress> parse(std::string_view text);
    /// A random one, unicast and marked as locally administered. Error only if the kernel gives no random bytes.
    static Result<MacAddress> random();

    [[nodiscard]] std::string str() const;
    [[nodiscard]] const Octets& octets() const noexcept { return octets_; }
    [[nodiscard]] bool is_zero() const noexcept { return octets_ == Octets{}; }
    auto operator<=>(const MacAddress&) const = default;

private:
    Octets octets_;
};

enum class Family { ipv4, ipv6 };

/// An IPv4 or IPv6 address of a host with the length of its network's prefix: "192.0.2.1/24".
class InterfaceAddress {
public:
    using Octets = std::array<std::uint8_t, 16>;

    /// Reads "192.0.2.1/24" or "2001:db8::1/64"; without a prefix it is ErrorCode::usage.
    static Result<InterfaceAddress> parse(std::string_view text);
    /// From network byte order; of an IPv4 address the first four octets count.
    InterfaceAddress(Family family, const Octets& octets, unsigned prefix) noexcept;

    [[nodiscard]] std::string str() const;
    [[nodiscard]] Family family() const noexcept { return family_; }
    [[nodiscard]] unsigned prefix() const noexcept { return prefix_; }
    /// 4 or 16 bytes, network byte order.
    [[nodiscard]] std::string_view bytes() const noexcept;
    /// fe80::/10: every interface that is up has one; it makes no uplink.
    [[nodiscard]] bool is_ipv6_link_local() const noexcept;
    /// Not the unspecified one, no loopback and no multicast address, and not an IPv4 network's own or its broadcast.
    /// IPv6 has no broadcast, and its all-zeros host part is an address of the network's routers.
    [[nodiscard]] bool is_host_address() const noexcept;
    auto operator<=>(const InterfaceAddress&) const = default;

private:
    [[nodiscard]] bool names_ipv4_network() const noexcept;

    Family family_;
    Octets octets_{};
    unsigned prefix_;
};

/// An IPv4 or IPv6 address without a network: a gateway, a name server.
class IpAddress {
public:
    using Octets = InterfaceAddress::Octets;

    /// Reads "192.0.2.1" or "2001:db8::1".
    static Result<IpAddress> parse(std::string_view text);
    /// From network byte order; of an IPv4 address the first four octets count.
    IpAddress(Family family, const Octets& octets) noexcept : address_(family, octets, 0) {}

    [[nodiscard]] std::string str() const;
    [[nodiscard]] Family family() const noexcept { return address_.family(); }
    /// 4 or 16 bytes, network byte order.
    [[nodiscard]] std::string_view bytes() const noexcept { return address_.bytes(); }
    auto operator<=>(const IpAddress&) const = default;

private:
    InterfaceAddress address_;
};

/// A network: "192.0.2.0/24", "0.0.0.0/0". No bit is set behind the prefix.
class Prefix {
public:
    /// Reads "192.0.2.0/24"; bits behind the prefix are ErrorCode::usage.
    static Result<Prefix> parse(std::string_view text);
    /// The network that an address lies in.
    explicit Prefix(const InterfaceAddress& address) noexcept;
    /// Everything of that family: the default route's.
    static Prefix all(Family family) noexcept;

    [[nodiscard]] std::string str() const { return network_.str(); }
    [[nodiscard]] Family family() const noexcept { return network_.family(); }
    [[nodiscard]] unsigned length() const noexcept { return network_.prefix(); }
    /// 4 or 16 bytes, network byte order.
    [[nodiscard]] std::string_view bytes() const noexcept { return network_.bytes(); }
    [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
    auto operator<=>(const Prefix&) const = default;

private:
    InterfaceAddress network_;
};

/// Reads an MTU: 68 to 65535 bytes.
Result<unsigned> parse_mtu(std::string_view text);

}  // namespace kvmkit::net
