// SPDX-License-Identifier: Apache-2.0
#include "net/model/names.hpp"

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr std::string_view separators = ".-_";

Error bad_name(std::string_view text, std::string_view cause, std::string hint)
{
    return {ErrorCode::usage, fmt::format("cannot use link name '{}': {}", text, cause), std::move(hint)};
}

}  // namespace

Result<LinkName> LinkName::parse(std::string_view text)
{
    if (text.size() > max_link_name) {
        return bad_name(text,
                        fmt::format("it has {} characters, the kernel takes {}", text.size(), max_link_name),
                        fmt::format("a shorter one: {}", shortened(text)));
    }
    if (text.empty() || text.find_first_of("/:% \t\n\v\f\r") != std::string_view::npos) {
        return bad_name(
            text, "it is empty or holds a character that links cannot have", "no blank and none of / : % in it");
    }
    // "all" and "default" are folders of every link's settings in /proc/sys/net.
    if (text == "." || text == ".." || text == "all" || text == "default") {
        return bad_name(text, "the kernel keeps it for itself", "choose another one, for example br0");
    }
    return LinkName{text};
}

std::string shortened(std::string_view name)
{
    constexpr std::size_t longest_tail = 6;
    if (name.size() <= max_link_name) {
        return std::string{name};
    }
    const auto cut = name.find_last_of(separators);
    const bool keeps_tail = cut != std::string_view::npos && name.size() - cut <= longest_tail;
    const auto tail = keeps_tail ? name.substr(cut) : std::string_view{};
    auto stem = name.substr(0, max_link_name - tail.size());
    while (!stem.empty() && separators.find(stem.back()) != std::string_view::npos) {
        stem.remove_suffix(1);
    }
    return fmt::format("{}{}", stem, tail);
}

}  // namespace kvmkit::net
