// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/sources/entry.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// How sections of settings are written: NAME.repo of yum, dnf and zypper, where a line that begins with a blank goes
/// on with the one before it; or pacman.conf and its mirror lists, where a setting may have no value or no section.
enum class SettingsDialect { repo, pacman };

/// "NAME = VALUE", and where it stands.
struct Setting {
    std::string name;
    std::string value;            ///< Without the blanks around it; the lines of a long one are joined by '\n'.
    std::size_t begin = 0;        ///< In bytes of the file: of its first line,
    std::size_t value_begin = 0;  ///< of its value,
    std::size_t value_end = 0;    ///< behind its value,
    std::size_t end = 0;          ///< and behind its last line end.
    unsigned line = 0;            ///< From 1.
};

/// "[ID]" and what stands below it.
struct SettingsSection {
    std::string id = {};    ///< Empty: what stands before the first section.
    std::size_t begin = 0;  ///< In bytes of the file: of its head,
    std::size_t body = 0;   ///< behind the head's line,
    std::size_t end = 0;    ///< and where the next section begins, or the file ends.
    unsigned line = 0;      ///< Of its head, from 1.
    std::vector<Setting> settings = {};

    /// The last one of that name, which counts; nullptr: there is none.
    [[nodiscard]] const Setting* find(std::string_view name) const;

    /// Its value; empty: there is none.
    [[nodiscard]] std::string value(std::string_view name) const;
};

struct SettingsFile {
    std::vector<SettingsSection> sections;
    std::vector<MalformedSource> malformed;

    /// The last one of that name; nullptr: there is none.
    [[nodiscard]] const SettingsSection* find(std::string_view id) const;
};

/// Reads a file's sections in their order; comments and blank lines are between the settings. Any bytes will do.
SettingsFile read_settings(SettingsDialect dialect, std::string_view text);

/// The edits that make comments of all lines of a setting.
void comment_out(std::string_view text, const Setting& setting, std::vector<SourceEdit>& edits);

}  // namespace kvmkit::setup
