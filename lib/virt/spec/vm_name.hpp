// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace kvmkit::virt {

/// A name that is safe as a libvirt name, a file name and a word of a command line: 1 to 63 letters, digits, '.', '_'
/// and
/// '-', of which the first is a letter or a digit.
class VmName {
public:
    static Result<VmName> parse(std::string_view text);
    [[nodiscard]] const std::string& str() const noexcept { return text_; }
    bool operator==(const VmName&) const = default;

private:
    explicit VmName(std::string_view text) : text_(text) {}
    std::string text_;
};

}  // namespace kvmkit::virt
