// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/live_console.hpp"

#include <pugixml.hpp>

namespace kvmkit::virt {

std::optional<std::string> console_terminal_in(std::string_view domain_xml)
{
    pugi::xml_document document;
    if (!document.load_buffer(domain_xml.data(), domain_xml.size())) {
        return std::nullopt;
    }
    const auto devices = document.child("domain").child("devices");
    const auto console = devices.child("console") ? devices.child("console") : devices.child("serial");
    const std::string device = console.child("source").attribute("path").value();
    const bool terminal =
        std::string_view{console.attribute("type").value()} == "pty" && device.starts_with("/dev/pts/");
    return terminal ? std::optional{device} : std::nullopt;
}

}  // namespace kvmkit::virt
