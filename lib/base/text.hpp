// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// Without leading and trailing blanks, tabs and line ends.
std::string_view trim(std::string_view text);

/// The pieces between separators, empty ones included; a text without the separator is one piece.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The lines of a text without their line ends; a final line end opens no further line.
std::vector<std::string_view> lines(std::string_view text);

/// The words of a text, separated by any run of blanks, tabs and line ends.
std::vector<std::string_view> words(std::string_view text);

}  // namespace kvmkit
