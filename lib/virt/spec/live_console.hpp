// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::virt {

/// The terminal behind the first console of a running VM, "/dev/pts/3", from its description; absent if the console is
/// something else, if there is none, or if the VM does not run. Pure.
std::optional<std::string> console_terminal_in(std::string_view domain_xml);

}  // namespace kvmkit::virt
