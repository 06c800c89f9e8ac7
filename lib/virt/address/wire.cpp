// SPDX-License-Identifier: Apache-2.0
#include "virt/address/wire.hpp"

#include "base/count.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::size_t ethernet_header = 14;
constexpr std::size_t most_others = 4096;  // a flood of made-up names ends there

bool is_link_local(std::string_view address)
{
    return address.starts_with("fe80:") || address.starts_with("169.254.");
}

std::string sender_of(std::string_view frame)
{
    std::string mac;
    for (const char c : frame.substr(6, 6)) {
        mac += fmt::format("{}{:02x}", mac.empty() ? "" : ":", static_cast<unsigned char>(c));
    }
    return mac;
}

void remember(std::map<std::string, std::string>& all, const std::string& key, const std::string& mac)
{
    if (!key.empty() && all.size() < most_others) {
        all.insert_or_assign(key, mac);
    }
}

}  // namespace

void Wire::see(std::string_view frame)
{
    if (frame.size() < ethernet_header) {
        return;
    }
    spoke_ = spoke_ || sender_of(frame) == mac_;
    if (const auto sighting = read_frame(frame)) {
        std::visit([this](const auto& seen) { see(seen); }, *sighting);
    }
}

void Wire::see(const DhcpMessage& message)
{
    if (message.client_mac != mac_) {
        if (message.kind == DhcpKind::discover || message.kind == DhcpKind::request) {
            remember(ids_of_others_, message.client_id, message.client_mac);
        }
        return;
    }
    switch (message.kind) {
        case DhcpKind::discover: ++discovers_; break;
        case DhcpKind::request: ++requests_; break;
        case DhcpKind::offer: offer_ = message; break;
        case DhcpKind::ack: lease_ = message; break;
        case DhcpKind::decline:
        case DhcpKind::nak:
            refusal_ = message;
            lease_.reset();
            break;
    }
    const bool by_guest = message.kind == DhcpKind::discover || message.kind == DhcpKind::request;
    if (by_guest && !message.client_id.empty()) {
        client_id_ = message.client_id;
    }
}

void Wire::see(const AddressClaim& claim)
{
    if (claim.mac != mac_) {
        remember(claims_of_others_, claim.address, claim.mac);
    } else if (!claimed_ || is_link_local(*claimed_)) {
        claimed_ = claim.address;
    }
}

void Wire::know(const std::string& client_id, const std::string& mac)
{
    std::string digits = client_id;
    std::erase(digits, ':');
    if (mac != mac_) {
        remember(ids_of_others_, digits, mac);
    }
}

std::optional<std::string> Wire::address() const
{
    const bool leased = lease_ && !lease_->address.empty();
    if (leased) {
        return lease_->address;
    }
    return claimed_ && !is_link_local(*claimed_) ? claimed_ : std::nullopt;
}

std::string Wire::last_seen() const
{
    if (lease_) {
        return fmt::format("a DHCP server gave it {}", lease_->address);
    }
    if (refusal_ && refusal_->kind == DhcpKind::nak) {
        return fmt::format("DHCP server {} refused its request (NAK){}",
                           refusal_->server,
                           refusal_->words.empty() ? "" : ": " + refusal_->words);
    }
    if (refusal_) {
        return fmt::format("it declined {}: somebody else uses that address", refusal_->address);
    }
    if (requests_ > 0 && offer_) {
        return fmt::format("it asked server {} for {}; no answer came", offer_->server, offer_->address);
    }
    if (offer_) {
        return fmt::format("DHCP server {} offered {}; it did not take it", offer_->server, offer_->address);
    }
    if (discovers_ + requests_ > 0) {
        return fmt::format("it sent {}; nobody made an OFFER",
                           discovers_ > 0 ? counted(discovers_, "DISCOVER") : counted(requests_, "REQUEST"));
    }
    return spoke_ ? "it sent frames, but no DISCOVER: it does not ask for an address by DHCP"
                  : "no frame came from it: its kernel has no driver for the card, or has not switched it on";
}

std::vector<std::string> Wire::twins() const
{
    std::vector<std::string> found;
    if (const auto same = ids_of_others_.find(client_id_); same != ids_of_others_.end()) {
        found.push_back(same->second);
    }
    const auto own = address();
    const auto same = own ? claims_of_others_.find(*own) : claims_of_others_.end();
    if (same != claims_of_others_.end() && std::ranges::find(found, same->second) == found.end()) {
        found.push_back(same->second);
    }
    return found;
}

}  // namespace kvmkit::virt
