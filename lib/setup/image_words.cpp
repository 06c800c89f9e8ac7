// SPDX-License-Identifier: Apache-2.0
#include "setup/image_words.hpp"

#include "system/runner.hpp"

#include <regex>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// With nothing in it that a replacement would take for a reference.
std::string literal(const std::string& text)
{
    static const std::regex dollar{"\\$"};
    return std::regex_replace(text, dollar, "$$$$");
}

}  // namespace

std::string seen_from_outside(const std::string& text, const std::string& directory)
{
    if (text.find("on the host") != std::string::npos) {
        return text;
    }
    static const std::regex ours{"\\bhost-setup (apply|plan|status|verify|history|show|rollback|resume)\\b(?! --root)"};
    // Where a command stands: behind a word of prose it is only talked about.
    static const std::regex managers{
        "(^|[:;,] |\\(|&& |\\bthen |\\brun )(dpkg --|apt-get |apk (?=update|add )|yum (?=install|makecache)|rc-update "
        "|usermod -|addgroup )"};
    const std::string folder = literal(shell_line({directory}));
    static const std::regex units{"\\bsystemctl (?!--root)"};
    auto told = std::regex_replace(text, ours, fmt::format("host-setup $1 --root {}", folder));
    told = std::regex_replace(told, units, fmt::format("systemctl --root {} ", folder));
    return std::regex_replace(told, managers, fmt::format("$1chroot {} $2", folder));
}

}  // namespace kvmkit::setup
