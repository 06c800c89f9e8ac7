// SPDX-License-Identifier: Apache-2.0
#include "net/draw/columns.hpp"

#include <algorithm>

namespace kvmkit::net {
namespace {

bool begins_character(char byte) noexcept
{
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

std::string_view first_columns(std::string_view text, std::size_t columns) noexcept
{
    std::size_t bytes = 0;
    while (bytes < text.size() && (!begins_character(text[bytes]) || columns > 0)) {
        columns -= begins_character(text[bytes]) ? 1 : 0;
        ++bytes;
    }
    return text.substr(0, bytes);
}

}  // namespace

std::size_t columns_of(std::string_view text) noexcept
{
    return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

std::string cut_to(std::string_view text, std::size_t columns, std::string_view mark)
{
    if (columns_of(text) <= columns) {
        return std::string{text};
    }
    const auto room = columns - std::min(columns, columns_of(mark));
    return std::string{first_columns(text, room)}.append(first_columns(mark, columns));
}

}  // namespace kvmkit::net
