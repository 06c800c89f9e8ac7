// SPDX-License-Identifier: Apache-2.0
#include "system/small_files.hpp"

#include "base/text.hpp"

namespace kvmkit {

Fact<std::string> trimmed(const Root& root, const std::string& path)
{
    const auto text = root.read(path);
    if (!text) {
        return text.error();
    }
    return *text ? std::optional{std::string{trim(**text)}} : std::optional<std::string>{};
}

std::string text_or_nothing(const Root& root, const std::string& path)
{
    const auto text = root.read(path);
    return text ? text->value_or("") : "";
}

}  // namespace kvmkit
