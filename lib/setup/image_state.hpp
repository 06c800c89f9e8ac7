// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "facts/ipv4_claim.hpp"
#include "setup/nested.hpp"
#include "system/root.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kvmkit::setup {

/// What an image's own files say of the host that it becomes, where a running host asks its kernel.
struct ImageState {
    /// Each module that has the option "nested", and the setting that wins once it is loaded; absent: its default.
    std::vector<std::pair<std::string, std::optional<NestedSetting>>> nested = {};
    std::string module_note = {};  ///< What cannot be known of the module of KVM.
};

ImageState observe_image(const Root& root, const std::string& architecture);

/// The IPv4 addresses that the files of ifupdown, netplan, networkd, NetworkManager, wicked and ifcfg name, each with
/// its file in place of a device. An address without a prefix counts as /24.
std::vector<Ipv4Claim> claims_of_image(const Root& root);

/// The option for both vendors' modules: which CPU it will be is not known. ErrorCode::refused: a setting of somebody
/// else's would win over ours.
Result<NestedPlan> plan_nested_of_image(const ImageState& image);

}  // namespace kvmkit::setup
