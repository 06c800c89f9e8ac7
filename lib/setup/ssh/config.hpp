// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// One setting of sshd's, and where it stands.
struct SshdSetting {
    std::string keyword;    ///< Lower case.
    std::string value;      ///< Without the blanks and the '=' before it, and without a comment behind it.
    std::string match;      ///< Of the Match block that it stands in; empty: it holds for everybody.
    std::string file = {};  ///< Relative to the host's root.
    unsigned line = 0;      ///< From 1.
};

/// Reads the text of one file, Include lines among the rest. Any bytes will do.
std::vector<SshdSetting> read_sshd_settings(std::string_view text, const std::string& file);

/// etc/ssh/sshd_config, or the vendor's below usr/etc, which sshd of openSUSE and SLES 16 reads while there is no
/// other.
std::string sshd_main_file(const Root& root);

/// Reads sshd_main_file() with what it includes, in the order in which sshd reads it: the first value of a keyword
/// counts. Files that may not be read are passed over. Needs root for those of mode 0600.
std::vector<SshdSetting> read_sshd_config(const Root& root);

/// "/etc/ssh/sshd_config.d/50-cloud-init.conf:1: PermitRootLogin no", with its Match.
std::string describe(const SshdSetting& setting);

/// Whether a name fits a pattern of '*' and '?', as a shell's.
bool fits_pattern(std::string_view name, std::string_view pattern);

}  // namespace kvmkit::setup
