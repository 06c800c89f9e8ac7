// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace kvmkit::virt {

// What may stand in a seed. All pure; ErrorCode::usage for what may not.

/// A login name: 1 to 32 small letters, digits, '_' and '-', a letter or '_' first.
Result<void> check_user_name(std::string_view name);

/// A host name, with or without a domain: RFC 1123.
Result<void> check_hostname(std::string_view name);

/// A package as a package manager's command line takes it, with "=VERSION" where one is meant.
Result<void> check_package_name(std::string_view name);

/// A command for the guest's shell: text, and not empty.
Result<void> check_command(std::string_view command);

/// Text that begins with "#cloud-config" or "#!"; `name` stands in the error, which is ErrorCode::invalid.
Result<void> check_user_data(std::string_view text, std::string_view name);

}  // namespace kvmkit::virt
