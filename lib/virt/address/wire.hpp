// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/address/frame.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// What the frames on a network card's own port tell about its address. Pure: fed with frames, asked between.
class Wire {
public:
    explicit Wire(std::string mac) : mac_(std::move(mac)) {}

    void see(std::string_view frame);
    /// What is known of the others from elsewhere: a lease of that client id.
    void know(const std::string& client_id, const std::string& mac);

    [[nodiscard]] const std::string& mac() const noexcept { return mac_; }
    /// The address that the guest has: leased, or claimed by itself; a global one before a link-local one.
    [[nodiscard]] std::optional<std::string> address() const;
    /// It asks for an address just now: others that know one may know what was offered to it alone.
    [[nodiscard]] bool asking() const noexcept { return !lease_ && discovers_ + requests_ > 0; }
    /// How far it came: "no frame came from it", "it sent 3 DISCOVERs; nobody offered an address", ...
    [[nodiscard]] std::string last_seen() const;
    /// Cards of others that call themselves by our guest's client id, or use its address.
    [[nodiscard]] std::vector<std::string> twins() const;

private:
    void see(const DhcpMessage& message);
    void see(const AddressClaim& claim);

    std::string mac_;
    bool spoke_ = false;
    unsigned discovers_ = 0;
    unsigned requests_ = 0;
    std::optional<DhcpMessage> offer_;
    std::optional<DhcpMessage> refusal_;
    std::optional<DhcpMessage> lease_;
    std::optional<std::string> claimed_;
    std::string client_id_;
    std::map<std::string, std::string> ids_of_others_;     ///< Client id -> MAC.
    std::map<std::string, std::string> claims_of_others_;  ///< Address -> MAC.
};

}  // namespace kvmkit::virt
