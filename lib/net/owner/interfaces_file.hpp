// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

/// A stanza of interfaces(5): its first line's words, and the lines that it takes.
struct InterfacesStanza {
    std::vector<std::string> words;  ///< {"iface", "eth0", "inet", "dhcp"}, {"auto", "eth0"}, {"source", "..."}
    std::size_t first_line = 0;      ///< Counted from 0.
    std::size_t end_line = 0;        ///< The one behind its last.

    /// Whether it is an iface stanza of that link.
    [[nodiscard]] bool configures(std::string_view link) const
    {
        return words.size() > 1 && words[0] == "iface" && words[1] == link;
    }
    /// Whether it brings that link up by itself: auto, allow-hotplug.
    [[nodiscard]] bool starts(std::string_view link) const;
};

/// One file that ifupdown reads.
struct InterfacesFile {
    std::string path;  ///< "etc/network/interfaces"
    std::string text;
    std::vector<InterfacesStanza> stanzas = {};
};

/// Splits a file. Comments, blank lines and lines that end in a backslash are read as ifupdown reads them.
std::vector<InterfacesStanza> stanzas_of(std::string_view text);

/// /etc/network/interfaces and what it sources; none if it is not there.
std::vector<InterfacesFile> interfaces_files(const Root& root);

/// Whether ifupdown reads a file of that path, sourced by another one.
bool is_sourced(const std::vector<InterfacesFile>& files, const std::string& path);

}  // namespace kvmkit::net
