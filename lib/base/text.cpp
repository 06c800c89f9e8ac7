// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

namespace kvmkit {
namespace {

constexpr std::string_view blank = " \t\r\n";

}  // namespace

std::string_view trim(std::string_view text)
{
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> pieces;
    for (;;) {
        const auto end = text.find(separator);
        pieces.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return pieces;
        }
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string_view> lines(std::string_view text)
{
    auto pieces = split(text, '\n');
    if (pieces.back().empty()) {
        pieces.pop_back();
    }
    return pieces;
}

std::vector<std::string_view> words(std::string_view text)
{
    std::vector<std::string_view> found;
    for (;;) {
        const auto first = text.find_first_not_of(blank);
        if (first == std::string_view::npos) {
            return found;
        }
        text.remove_prefix(first);
        found.push_back(text.substr(0, text.find_first_of(blank)));
        text.remove_prefix(found.back().size());
    }
}

}  // namespace kvmkit
