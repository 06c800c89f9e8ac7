// SPDX-License-Identifier: Apache-2.0
#include "net/model/link_local.hpp"

#include <linux/if_addr.h>

#include <algorithm>
#include <array>

namespace kvmkit::net {
namespace {

bool is_made_of_the_mac(const Link& link, const InterfaceAddress& address)
{
    if (!link.mac) {
        return false;
    }
    constexpr std::uint8_t universal = 2;
    const auto& mac = link.mac->octets();
    const std::array<std::uint8_t, 8> last{
        static_cast<std::uint8_t>(mac[0] ^ universal), mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};
    return std::ranges::equal(address.bytes().substr(last.size()), last, [](char one, std::uint8_t other) {
        return static_cast<std::uint8_t>(one) == other;
    });
}

}  // namespace

bool is_kernels_link_local(const Link& link, const InterfaceAddress& address)
{
    constexpr std::uint64_t kernel = 3;  // IFAPROT_KERNEL_LL
    const LinkOption* maker = find(extras_of(link, address).attributes, address_maker);
    return address.is_ipv6_link_local() &&
           ((maker != nullptr && option_number(*maker) == kernel) || is_made_of_the_mac(link, address));
}

bool is_set_link_local(const Link& link, const InterfaceAddress& address)
{
    const LinkOption* flags = find(extras_of(link, address).attributes, IFA_FLAGS);
    const bool routeless = flags != nullptr && (option_number(*flags).value_or(0) & IFA_F_NOPREFIXROUTE) != 0;
    return address.is_ipv6_link_local() && !is_kernels_link_local(link, address) && !routeless;
}

}  // namespace kvmkit::net
