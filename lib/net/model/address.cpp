// SPDX-License-Identifier: Apache-2.0
#include "net/model/address.hpp"

#include <arpa/inet.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

std::optional<unsigned> number(std::string_view text, int base)
{
    unsigned value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    const bool whole = problem == std::errc{} && end == text.data() + text.size();
    return whole ? std::optional{value} : std::nullopt;
}

int kernel_family(Family family)
{
    return family == Family::ipv4 ? AF_INET : AF_INET6;
}

/// The same with every bit behind the prefix switched off.
InterfaceAddress masked(const InterfaceAddress& address) noexcept
{
    InterfaceAddress::Octets octets{};
    const auto bytes = address.bytes();
    for (unsigned i = 0; i < bytes.size(); ++i) {
        const unsigned kept = std::min(8U, address.prefix() > 8 * i ? address.prefix() - 8 * i : 0U);
        const auto mask = static_cast<std::uint8_t>(0xff00U >> kept);
        octets.at(i) = static_cast<std::uint8_t>(static_cast<std::uint8_t>(bytes[i]) & mask);
    }
    return {address.family(), octets, address.prefix()};
}

}  // namespace

Result<MacAddress> MacAddress::parse(std::string_view text)
{
    constexpr std::size_t length = 17;
    Octets octets{};
    bool sound = text.size() == length;
    for (std::size_t i = 0; sound && i < octets.size(); ++i) {
        const auto octet = number(text.substr(3 * i, 2), 16);
        sound = octet && (i == 0 || text.at(3 * i - 1) == ':');
        octets.at(i) = static_cast<std::uint8_t>(octet.value_or(0));
    }
    if (!sound) {
        return Error{ErrorCode::usage, fmt::format("'{}' is no MAC address", text), "write it as 52:54:00:12:34:56"};
    }
    return MacAddress{octets};
}

Result<MacAddress> MacAddress::random()
{
    Octets octets{};
    if (::getrandom(octets.data(), octets.size(), 0) != static_cast<ssize_t>(octets.size())) {
        return errno_error(errno, "cannot get random bytes");
    }
    octets[0] = static_cast<std::uint8_t>((octets[0] & 0xfcU) | 0x02U);
    return MacAddress{octets};
}

std::string MacAddress::str() const
{
    return fmt::format("{:02x}", fmt::join(octets_, ":"));
}

InterfaceAddress::InterfaceAddress(Family family, const Octets& octets, unsigned prefix) noexcept
    : family_(family), prefix_(prefix)
{
    std::copy_n(octets.begin(), family == Family::ipv4 ? 4 : 16, octets_.begin());
}

Result<InterfaceAddress> InterfaceAddress::parse(std::string_view text)
{
    const auto slash = text.find('/');
    const std::string host{text.substr(0, slash)};
    constexpr unsigned no_prefix = 255;
    const auto prefix =
        slash == std::string_view::npos ? no_prefix : number(text.substr(slash + 1), 10).value_or(no_prefix);
    const auto family = host.find(':') == std::string::npos ? Family::ipv4 : Family::ipv6;
    Octets octets{};
    const bool readable = ::inet_pton(kernel_family(family), host.c_str(), octets.data()) == 1;
    if (!readable || prefix > (family == Family::ipv4 ? 32U : 128U)) {
        return Error{ErrorCode::usage,
                     fmt::format("'{}' is no address with a prefix length", text),
                     "write it as 192.0.2.1/24 or 2001:db8::1/64"};
    }
    return InterfaceAddress{family, octets, prefix};
}

std::string InterfaceAddress::str() const
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    (void)::inet_ntop(kernel_family(family_), octets_.data(), text.data(), text.size());
    return fmt::format("{}/{}", text.data(), prefix_);
}

std::string_view InterfaceAddress::bytes() const noexcept
{
    const void* start = octets_.data();
    return {static_cast<const char*>(start), family_ == Family::ipv4 ? 4U : 16U};
}

bool InterfaceAddress::is_ipv6_link_local() const noexcept
{
    return family_ == Family::ipv6 && octets_[0] == 0xfe && (octets_[1] & 0xc0U) == 0x80;
}

bool InterfaceAddress::names_ipv4_network() const noexcept
{
    constexpr unsigned longest = 30;  // RFC 3021: both addresses of a /31 are hosts
    if (family_ != Family::ipv4 || prefix_ > longest) {
        return false;
    }
    std::uint32_t address = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        address = address << 8U | octets_.at(i);
    }
    const std::uint32_t hosts = 0xffffffffU >> prefix_;
    return (address & hosts) == 0 || (address & hosts) == hosts;
}

bool InterfaceAddress::is_host_address() const noexcept
{
    if (family_ == Family::ipv4) {
        constexpr std::uint8_t loopback = 127;
        constexpr std::uint8_t first_multicast = 224;
        return octets_[0] != 0 && octets_[0] != loopback && octets_[0] < first_multicast && !names_ipv4_network();
    }
    const bool before_last_zero = std::all_of(octets_.begin(), octets_.end() - 1, [](auto byte) { return byte == 0; });
    constexpr std::uint8_t multicast = 0xff;
    return octets_[0] != multicast && !(before_last_zero && octets_.back() <= 1);
}

Result<IpAddress> IpAddress::parse(std::string_view text)
{
    const auto family = text.find(':') == std::string_view::npos ? Family::ipv4 : Family::ipv6;
    Octets octets{};
    if (::inet_pton(kernel_family(family), std::string{text}.c_str(), octets.data()) != 1) {
        return Error{
            ErrorCode::usage, fmt::format("'{}' is no IP address", text), "write it as 192.0.2.1 or 2001:db8::1"};
    }
    return IpAddress{family, octets};
}

std::string IpAddress::str() const
{
    const auto text = address_.str();
    return text.substr(0, text.find('/'));
}

Prefix::Prefix(const InterfaceAddress& address) noexcept : network_(masked(address)) {}

Prefix Prefix::all(Family family) noexcept
{
    return Prefix{InterfaceAddress{family, {}, 0}};
}

Result<Prefix> Prefix::parse(std::string_view text)
{
    const auto address = InterfaceAddress::parse(text);
    if (!address) {
        return Error{ErrorCode::usage,
                     fmt::format("'{}' is no network with a prefix length", text),
                     "write it as 192.0.2.0/24 or 2001:db8::/64; the default route's is 0.0.0.0/0 or ::/0"};
    }
    const Prefix network{*address};
    if (network.network_ != *address) {
        return Error{ErrorCode::usage,
                     fmt::format("'{}' is no network: bits are set behind the prefix", text),
                     fmt::format("write {}", network.str())};
    }
    return network;
}

bool Prefix::contains(const IpAddress& address) const noexcept
{
    InterfaceAddress::Octets octets{};
    std::copy(address.bytes().begin(), address.bytes().end(), octets.begin());
    return address.family() == family() && masked({address.family(), octets, length()}) == network_;
}

Result<unsigned> parse_mtu(std::string_view text)
{
    constexpr unsigned least = 68;
    constexpr unsigned most = 65535;
    const auto mtu = number(text, 10);
    if (!mtu || *mtu < least || *mtu > most) {
        return Error{ErrorCode::usage,
                     fmt::format("'{}' is no MTU", text),
                     fmt::format("give bytes from {} to {}", least, most)};
    }
    return *mtu;
}

}  // namespace kvmkit::net
