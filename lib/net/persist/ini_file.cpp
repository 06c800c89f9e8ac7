// SPDX-License-Identifier: Apache-2.0
#include "net/persist/ini_file.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace kvmkit::net {

std::vector<IniLine> read_ini(std::string_view text)
{
    std::vector<IniLine> found;
    std::string section;
    for (const std::string_view raw : lines(text)) {
        const auto line = trim(raw);
        const auto equals = line.find('=');
        if (line.empty() || line.front() == '#' || line.front() == ';') {
            continue;
        }
        if (line.front() == '[' && line.back() == ']') {
            section = line.substr(1, line.size() - 2);
        } else if (equals != std::string_view::npos) {
            found.push_back(
                {section, std::string{trim(line.substr(0, equals))}, std::string{trim(line.substr(equals + 1))}});
        }
    }
    return found;
}

std::string value_in(const std::vector<IniLine>& lines, std::string_view section, std::string_view key)
{
    const auto found =
        std::ranges::find_if(lines, [&](const IniLine& line) { return line.section == section && line.key == key; });
    return found == lines.end() ? std::string{} : found->value;
}

}  // namespace kvmkit::net
