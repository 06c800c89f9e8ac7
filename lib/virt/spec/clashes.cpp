// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/clashes.hpp"

#include <map>
#include <vector>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

struct Claim {
    std::string thing;
    std::string hint;
};

/// The network that a card is in; the same address in two of them is no clash.
std::string network_of(const Nic& nic)
{
    return std::holds_alternative<UserNic>(nic.source) ? std::string{} : describe(nic);
}

void add_claims_of(const Nic& nic, std::vector<Claim>& claims)
{
    if (nic.mac) {
        claims.push_back({fmt::format("the network card address {}", *nic.mac),
                          "leave mac= out: each VM then gets an address of its own"});
    }
    if (const auto* user = std::get_if<UserNic>(&nic.source)) {  // a network of its own, but for the host's ports
        for (const auto& forward : user->forwards) {
            claims.push_back(
                {fmt::format("port {} of this host", forward.host), "lead another port of this host to each VM"});
        }
        return;
    }
    if (nic.ip) {
        const auto address = nic.ip->cidr.substr(0, nic.ip->cidr.find('/'));
        claims.push_back({fmt::format("the address {} in {}", address, network_of(nic)),
                          "give each VM its own address, or leave ip= out and let DHCP choose"});
    }
}

std::vector<Claim> claims_of(const VmSpec& spec)
{
    std::vector<Claim> claims{{fmt::format("the name '{}'", spec.name.str()), "name each VM once"}};
    for (const auto& nic : spec.nics) {
        add_claims_of(nic, claims);
    }
    for (const auto& device : spec.hardware.devices) {
        claims.push_back({fmt::format("PCI device {}", text(device)), "give a device to one VM"});
    }
    for (const auto& disk : spec.disks.extra) {
        if (const auto* existing = std::get_if<BaseImage>(&disk)) {
            claims.push_back({fmt::format("disk '{}' to write to", existing->path.string()),
                              "one VM can write to a disk: give each its own, or make new ones (--add-disk SIZE)"});
        }
    }
    return claims;
}

}  // namespace

std::optional<Clash> find_clash(std::span<const VmSpec> specs)
{
    std::map<std::string, std::size_t> owners;
    for (std::size_t i = 0; i < specs.size(); ++i) {
        for (const Claim& claim : claims_of(specs[i])) {
            const auto [owner, is_new] = owners.try_emplace(claim.thing, i);
            if (!is_new) {
                return Clash{i,
                             fmt::format("VMs '{}' and '{}' cannot both have {}",
                                         specs[owner->second].name.str(),
                                         specs[i].name.str(),
                                         claim.thing),
                             claim.hint};
            }
        }
    }
    return std::nullopt;
}

}  // namespace kvmkit::virt
