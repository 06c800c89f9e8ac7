// SPDX-License-Identifier: Apache-2.0
#include "base/shell.hpp"

namespace kvmkit {
namespace {

constexpr std::string_view unquoted = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";

}  // namespace

bool is_plain_word(std::string_view word) noexcept
{
    const bool bare = !word.empty() && word.find_first_not_of(unquoted) == std::string_view::npos;
    return bare && word.front() != '-' && word.find('/') == std::string_view::npos;
}

std::string shell_word(std::string_view word)
{
    if (!word.empty() && word.find_first_not_of(unquoted) == std::string_view::npos) {
        return std::string{word};
    }
    std::string quoted = "'";
    for (const char c : word) {
        quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
    }
    return quoted + '\'';
}

}  // namespace kvmkit
