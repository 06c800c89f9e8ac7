// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kvmkit {

/// SHA-256 (FIPS 180-4) of some bytes: 64 lower-case hexadecimal digits. For what must start without OpenSSL.
std::string sha256(std::string_view bytes);

}  // namespace kvmkit
