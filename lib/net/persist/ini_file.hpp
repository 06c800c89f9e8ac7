// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

/// One KEY=VALUE line and the section that it stands in.
struct IniLine {
    std::string section;
    std::string key;
    std::string value;
};

/// Reads a file of systemd or a keyfile of NetworkManager; comments are left out.
std::vector<IniLine> read_ini(std::string_view text);

/// The value of the first line with that key in that section; empty if there is none.
std::string value_in(const std::vector<IniLine>& lines, std::string_view section, std::string_view key);

}  // namespace kvmkit::net
