// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "system/root.hpp"

#include <string>

namespace kvmkit {

/// A file of one value, as /proc and /sys have them, without the blanks and line ends around it.
Fact<std::string> trimmed(const Root& root, const std::string& path);

/// The whole text of a file of which only the text matters; empty if it is not there or may not be read.
std::string text_or_nothing(const Root& root, const std::string& path);

}  // namespace kvmkit
