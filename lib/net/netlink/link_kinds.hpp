// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/option.hpp"

#include <string_view>

namespace kvmkit::net {

/// Those settings that the kernel told of a link of that kind which a new link can be given. Not states, timers and
/// whatever a new link has anyway: some of it is refused unless it fits to other settings.
LinkOptions to_give_back(std::string_view kind, const LinkOptions& told);

/// The same of a bridge's port.
LinkOptions to_give_back_to_port(const LinkOptions& told);

/// The module that brings a kind of link, for kernels that do not know it: "8021q" of "vlan"; empty: no module.
std::string_view module_of(std::string_view kind) noexcept;

}  // namespace kvmkit::net
