// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kvmkit::net {

/// Writes a file of [sections] with KEY=VALUE lines.
class IniText {
public:
    explicit IniText(const std::string& head) : text_(head) {}

    IniText& section(std::string_view name)
    {
        text_ += text_.empty() || text_.ends_with("\n\n") ? "" : "\n";
        text_.append("[").append(name).append("]\n");
        return *this;
    }
    IniText& put(std::string_view key, std::string_view value)
    {
        text_.append(key).append("=").append(value).append("\n");
        return *this;
    }
    [[nodiscard]] const std::string& str() const noexcept { return text_; }

private:
    std::string text_;
};

}  // namespace kvmkit::net
