// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit {

/// In one line, padded with '='.
std::string encode_base64(std::string_view bytes);

/// The bytes that a text stands for; absent if it is no padded base64 of one line.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace kvmkit
