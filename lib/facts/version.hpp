// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace kvmkit {

/// The first numbers of a program's version: {7, 2, 22} of "7.2.22"; those that are not named are 0.
using Version = std::array<unsigned, 3>;

/// A version of two to four numbers between dots, and nothing else; absent for any other text.
std::optional<Version> parse_version(std::string_view text);

/// The upstream version in a package's: "7.2" of "1:7.2+dfsg-7+deb12u1", "9.1.0" of "9.1.0-r2". Empty: it has none.
std::string upstream_version(std::string_view package_version);

/// A version as libvirt writes it in one number: "7.2.22" of "7002022". Empty: the text is no such number.
std::string version_of_number(std::string_view number);

}  // namespace kvmkit
