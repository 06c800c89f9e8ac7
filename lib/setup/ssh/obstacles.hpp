// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/ssh/root_login.hpp"

namespace kvmkit::setup {

/// Everything else that would still refuse root: a sentence each. Root.
std::vector<std::string> find_obstacles(Runner& runner, const Root& root, const RootLoginWish& wish);

/// Of sshd's own settings, from the text of `sshd -T`. Pure.
std::vector<std::string> obstacles_in_settings(std::string_view effective, const RootLoginWish& wish);

}  // namespace kvmkit::setup
