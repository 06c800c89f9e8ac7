// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/persist/writers.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

/// A file of lines KEY=VALUE that a shell reads; values with blanks stand in quotes.
class ShellText {
public:
    explicit ShellText(std::string head) : text_(std::move(head)) {}

    void put(std::string_view key, std::string_view value);
    [[nodiscard]] const std::string& str() const noexcept { return text_; }

private:
    std::string text_;
};

/// Whether it is of a family, for addresses and routes.
bool is_ipv4(const InterfaceAddress& address);
bool is_ipv4(const KeptRoute& route);

/// "mode=active-backup miimon=100": a bond's options bear the kernel's own names.
std::string bond_options(const KeptLink& bond);

/// The ports of a bridge or bond, in the profile's order.
std::vector<std::string> ports_of(const Profile& profile, const KeptLink& master);

}  // namespace kvmkit::net
