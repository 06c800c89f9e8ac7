// SPDX-License-Identifier: Apache-2.0
#include "facts/ipv4.hpp"

#include "base/number.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr unsigned bits = 32;
constexpr unsigned byte_bits = 8;
constexpr std::uint32_t byte_mask = 0xff;

std::uint32_t mask_of(unsigned prefix)
{
    return prefix == 0 ? 0 : ~std::uint32_t{0} << (bits - std::min(prefix, bits));
}

/// The kernel prints addresses as the machine's number of the bytes in network order.
std::optional<std::uint32_t> kernel_hex(std::string_view text)
{
    std::uint32_t value = 0;
    constexpr int hexadecimal = 16;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal);
    if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) {
        return std::nullopt;
    }
    if constexpr (std::endian::native == std::endian::little) {
        value = __builtin_bswap32(value);
    }
    return value;
}

}  // namespace

bool Ipv4Range::holds(const Ipv4Range& other) const noexcept
{
    return prefix <= other.prefix && (other.address & mask_of(prefix)) == address;
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text)
{
    constexpr std::size_t numbers = 4;
    constexpr std::size_t most_digits = 3;
    const auto parts = split(text, '.');
    std::uint32_t address = 0;
    for (const auto part : parts) {
        const auto number = decimal<unsigned>(part);
        if (!number || *number > byte_mask || part.size() > most_digits) {
            return std::nullopt;
        }
        address = address << byte_bits | *number;
    }
    return parts.size() == numbers ? std::optional{address} : std::nullopt;
}

Ipv4Range range_around(std::uint32_t address, unsigned prefix)
{
    return {address & mask_of(prefix), std::min(prefix, bits)};
}

std::string to_text(const Ipv4Range& range)
{
    const auto byte = [&range](unsigned shift) { return range.address >> shift & byte_mask; };
    return fmt::format("{}.{}.{}.{}/{}", byte(24), byte(16), byte(8), byte(0), range.prefix);
}

std::optional<Ipv4Range> parse_ipv4_range(std::string_view text)
{
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto address = parse_ipv4(text.substr(0, slash));
    const auto prefix = decimal<unsigned>(text.substr(slash + 1));
    if (!address || !prefix || *prefix > bits || (*address & mask_of(*prefix)) != *address) {
        return std::nullopt;
    }
    return Ipv4Range{*address, *prefix};
}

std::vector<Ipv4Route> parse_routes(std::string_view routes)
{
    constexpr std::size_t least_fields = 8;
    constexpr std::size_t flags_at = 3;
    constexpr std::size_t mask_at = 7;
    constexpr std::uint32_t up = 1;
    std::vector<Ipv4Route> found;
    for (const auto line : lines(routes)) {
        const auto fields = words(line);
        if (fields.size() < least_fields) {
            continue;
        }
        const auto destination = kernel_hex(fields[1]);
        const auto mask = kernel_hex(fields[mask_at]);
        std::uint32_t flags = 0;
        const auto flags_text = fields[flags_at];
        std::from_chars(flags_text.data(), flags_text.data() + flags_text.size(), flags, 16);
        if (destination && mask && (flags & up) != 0) {
            const auto prefix = static_cast<unsigned>(std::countl_one(*mask));
            found.push_back({std::string{fields[0]}, range_around(*destination, prefix)});
        }
    }
    return found;
}

}  // namespace kvmkit
