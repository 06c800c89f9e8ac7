// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::net {

/// What is left to be done by hand after NetworkManager was told of profiles.
struct Uptake {
    std::vector<std::string> warnings = {};
    std::vector<std::string> commands = {};
    bool failed = false;  ///< It was to follow a profile at once, and does not; the next boot has it.
};

/// Has NetworkManager read its profiles, and makes those of bridges among `keyfiles`, our own by their bytes, the ones
/// that it follows. It takes bridges and ports apart and puts them together again for that, a few hundredths of a
/// second during which the bridge keeps its carrier. A bridge that asks for a lease it is not made to follow: it would
/// be without an address until the answer. Absent: it does not run here. Blocks up to half a minute a bridge; needs
/// CAP_NET_ADMIN.
std::optional<Uptake> take_up(const std::vector<std::string>& keyfiles);

}  // namespace kvmkit::net
