// SPDX-License-Identifier: Apache-2.0
#include "facts/ipv4_claim.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr unsigned whole = 32;

bool stands_in_the_way(const Ipv4Claim& claim, const Ipv4Range& range, Clash clash)
{
    if (clash == Clash::any) {
        return overlap(claim.range, range);
    }
    const bool inside = claim.host != 0 && range.holds({claim.host, whole});
    return inside || range.holds(claim.range);
}

}  // namespace

bool overlap(const Ipv4Range& one, const Ipv4Range& other) noexcept
{
    return one.holds(other) || other.holds(one);
}

std::string address_text(std::uint32_t address)
{
    const auto text = to_text({address, whole});
    return text.substr(0, text.find('/'));
}

std::optional<Ipv4Range> spare_range(std::span<const Ipv4Range> taken)
{
    struct Block {
        std::uint32_t first;
        std::uint32_t last;
    };
    constexpr std::array blocks{
        Block{0xc0a87b00, 0xc0a8fe00}, Block{0xac1e0000, 0xac1eff00}, Block{0x0a7b0000, 0x0a7bff00}};
    constexpr std::uint32_t step = 0x100;
    constexpr unsigned prefix = 24;
    for (const Block& block : blocks) {
        for (auto address = block.first; address <= block.last; address += step) {
            const Ipv4Range range{address, prefix};
            if (std::ranges::none_of(taken, [&range](const Ipv4Range& other) { return overlap(range, other); })) {
                return range;
            }
        }
    }
    return std::nullopt;
}

std::string describe(const Ipv4Claim& claim)
{
    const auto of = claim.device.empty() ? std::string{} : " of " + claim.device;
    switch (claim.kind) {
        case Ipv4Claim::Kind::address:
            return fmt::format("address {}/{}{}", address_text(claim.host), claim.range.prefix, of);
        case Ipv4Claim::Kind::gateway: return fmt::format("gateway {}{}", address_text(claim.host), of);
        case Ipv4Claim::Kind::route: break;
    }
    return fmt::format("route to {}{}", to_text(claim.range), claim.device.empty() ? "" : " by " + claim.device);
}

std::optional<Ipv4Claim> find_claim(std::span<const Ipv4Claim> claims,
                                    const Ipv4Range& range,
                                    std::string_view own_device,
                                    Clash clash)
{
    const auto found = std::ranges::find_if(claims, [&](const Ipv4Claim& claim) {
        const bool other = claim.device.empty() || claim.device != own_device;
        return other && stands_in_the_way(claim, range, clash);
    });
    return found == claims.end() ? std::nullopt : std::optional{*found};
}

std::optional<Ipv4Range> spare_range(std::span<const Ipv4Claim> claims)
{
    std::vector<Ipv4Range> taken;
    taken.reserve(claims.size());
    for (const Ipv4Claim& claim : claims) {
        taken.push_back(claim.range);
    }
    return spare_range(std::span<const Ipv4Range>{taken});
}

}  // namespace kvmkit
