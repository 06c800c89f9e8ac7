// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/vm_name.hpp"

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::string_view first_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::string_view characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
constexpr std::size_t longest = 63;

}  // namespace

Result<VmName> VmName::parse(std::string_view text)
{
    const bool fits = !text.empty() && text.size() <= longest;
    const bool clean = text.find_first_not_of(characters) == std::string_view::npos;
    if (!fits || !clean || first_characters.find(text.front()) == std::string_view::npos) {
        return Error{ErrorCode::usage,
                     fmt::format("'{}' is not a valid VM name", text),
                     fmt::format("use 1 to {} letters, digits, '.', '_' and '-', a letter or digit first", longest)};
    }
    return VmName{text};
}

}  // namespace kvmkit::virt
