// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

/// One setting of a link as the kernel stores it: the number of a netlink attribute and its bytes. Kept raw, so that a
/// link can be made again with settings that this program knows nothing of.
struct LinkOption {
    std::uint16_t type = 0;
    std::string bytes;

    bool operator==(const LinkOption&) const = default;
};
using LinkOptions = std::vector<LinkOption>;

/// The option of that number, or null.
const LinkOption* find(const LinkOptions& options, std::uint16_t type);

/// How a state file writes what an option's bytes hold.
enum class OptionForm {
    number,
    boolean,
    seconds,   ///< The kernel counts 1/100 s.
    ticks,     ///< 1/100 s, and written so.
    word,      ///< One of `words`.
    protocol,  ///< 802.1q or 802.1ad, big-endian.
    mac,
    ipv4,  ///< Network byte order.
    ipv6,
    ipv4_list,  ///< Nested attributes, numbered from 0, of an address each.
    port,       ///< Of UDP, big-endian.
    flags,      ///< Bits of a word that comes with a mask; `most` are the bits. Without `words` they are on or off.
};

struct OptionWord {
    std::string_view text;
    std::uint64_t number = 0;
};

/// One option that can be set, as state files and the kernel know it.
struct OptionSpec {
    std::string_view key;  ///< "stp.forward-delay": below the options of its link.
    std::uint16_t type = 0;
    OptionForm form = OptionForm::number;
    unsigned width = 4;  ///< Bytes of a number in the kernel: 1, 2, 4 or 8.
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    std::span<const OptionWord> words = {};
};

/// Reads a scalar of a state file. ErrorCode::usage says what would be right.
Result<LinkOption> read_option(const OptionSpec& spec, std::string_view text);

/// Puts an option into the others. One that is there is replaced; of flags, the bits come together.
void put_option(LinkOptions& options, const OptionSpec& spec, const LinkOption& option);

/// As a state file writes it; bytes of another size than the spec's read as a number of what is there.
std::string option_text(const OptionSpec& spec, const LinkOption& option);

/// The number that an option holds, host byte order; absent where it holds something else.
std::optional<std::uint64_t> option_number(const LinkOption& option);

/// A number as an option of that width, in bytes.
LinkOption number_option(std::uint16_t type, std::uint64_t number, unsigned width);

/// What can be set of each kind: IFLA_BR_*, IFLA_BRPORT_*, IFLA_BOND_*, IFLA_VLAN_* and IFLA_VXLAN_*, in the order in
/// which state files are written.
std::span<const OptionSpec> bridge_options() noexcept;
std::span<const OptionSpec> bridge_port_options() noexcept;
std::span<const OptionSpec> bond_options() noexcept;
std::span<const OptionSpec> vlan_options() noexcept;
std::span<const OptionSpec> vxlan_options() noexcept;

/// Those of a kind of link, by the kernel's word for it; none for kinds without options.
std::span<const OptionSpec> option_specs(std::string_view kind) noexcept;

}  // namespace kvmkit::net
