// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/nic.hpp"

#include "base/number.hpp"
#include "virt/spec/uuid.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

struct Describe {
    std::string operator()(const UserNic& nic) const
    {
        std::string text = "user";
        for (const auto& forward : nic.forwards) {
            text += fmt::format(",fwd={}:{}", forward.host, forward.guest);
        }
        return text;
    }
    std::string operator()(const NetworkNic& nic) const { return "network=" + nic.network; }
    std::string operator()(const BridgeNic& nic) const
    {
        return nic.vlan ? fmt::format("bridge={},vlan={}", nic.bridge, *nic.vlan) : "bridge=" + nic.bridge;
    }
    std::string operator()(const MacvtapNic& nic) const { return "macvtap=" + nic.link; }
};

}  // namespace

std::string mac_of(const Nic& nic, std::string_view uuid, std::size_t index)
{
    if (nic.mac) {
        return *nic.mac;
    }
    std::string mac = mac_address_of(uuid);
    unsigned last = 0;
    const char* digits = mac.data() + mac.size() - 2;
    (void)std::from_chars(digits, digits + 2, last, 16);
    return fmt::format("{}{:02x}", mac.substr(0, mac.size() - 2), (last + index) % 256);
}

std::string describe(const Nic& nic)
{
    return std::visit(Describe{}, nic.source);
}

std::string describe(const std::vector<Nic>& nics)
{
    std::string text;
    for (const auto& nic : nics) {
        text += (text.empty() ? "" : " ") + describe(nic);
    }
    return text.empty() ? "none" : text;
}

unsigned nic_queues(unsigned vcpus) noexcept
{
    constexpr unsigned most = 8;
    return std::clamp(vcpus, 1U, most);
}

}  // namespace kvmkit::virt
