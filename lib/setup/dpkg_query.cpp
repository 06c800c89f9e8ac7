// SPDX-License-Identifier: Apache-2.0
#include "setup/dpkg_query.hpp"

#include "base/text.hpp"

#include <map>

namespace kvmkit::setup {

bool QueriedPackage::is(std::string_view name_of_apt) const
{
    const auto colon = name_of_apt.find(':');
    return name_of_apt.substr(0, colon) == name &&
           (colon == std::string_view::npos || name_of_apt.substr(colon + 1) == architecture);
}

std::vector<QueriedPackage> read_query(std::string_view text)
{
    std::vector<QueriedPackage> packages;
    for (const auto line : lines(text)) {
        const auto parts = words(line);
        if (line.starts_with(' ') && parts.size() >= 2 && !packages.empty()) {
            // " /etc/a name 9e107d9d372bb6826bd81d3542a419d6 obsolete"
            std::string_view rest = trim(line);
            for (const std::string_view flag : {" obsolete", " remove-on-upgrade"}) {
                rest = rest.ends_with(flag) ? rest.substr(0, rest.size() - flag.size()) : rest;
            }
            const auto blank = rest.rfind(' ');
            if (blank != std::string_view::npos) {
                packages.back().settings.push_back(
                    {std::string{rest.substr(0, blank)}, std::string{rest.substr(blank + 1)}});
            }
        } else if (parts.size() == 3) {
            packages.push_back({std::string{parts[0]}, std::string{parts[1]}, std::string{parts[2]}});
        }
    }
    return packages;
}

std::vector<std::string> edited_settings(const QueriedPackage& package, std::string_view md5sums)
{
    constexpr std::size_t md5_digits = 32;
    std::map<std::string, std::string, std::less<>> found;
    for (const auto line : lines(md5sums)) {
        if (line.size() > md5_digits + 2) {  // "9e107d9d372bb6826bd81d3542a419d6  /etc/a"
            found.emplace(line.substr(md5_digits + 2), line.substr(0, md5_digits));
        }
    }
    std::vector<std::string> edited;
    for (const auto& setting : package.settings) {
        const auto now = found.find(setting.path);
        if (now != found.end() && now->second != setting.md5) {
            edited.push_back(setting.path);
        }
    }
    return edited;
}

}  // namespace kvmkit::setup
