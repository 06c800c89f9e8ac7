// SPDX-License-Identifier: Apache-2.0
#include "net/state/emit.hpp"

#include "net/model/scalar.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view digits = "0123456789";
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether every reader of YAML takes the text for a text when it stands there as it is.
bool is_plain(std::string_view text)
{
    constexpr std::array<std::string_view, 2> nothing{"null", "Null"};
    const std::string allowed = std::string{digits} + std::string{letters} + "_./-";
    const bool clean = !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos &&
                       text.find_first_of(std::string{digits} + std::string{letters}) == 0;
    // 1e3 and 0x1f are numbers to most; 52:54:00:12:34:56, which is not clean, is one of base 60 to some.
    const auto first_letter = text.find_first_of("ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ_/-");
    const bool number_like = clean && digits.find(text.front()) != std::string_view::npos &&
                             first_letter == std::string_view::npos && std::ranges::count(text, '.') < 2;
    const bool based = text.starts_with("0x") || text.starts_with("0o");
    const bool word_like = read_boolean(text) || std::ranges::find(nothing, text) != nothing.end() || text == "NULL";
    return clean && !number_like && !based && !word_like;
}

std::string scalar_of(const Json& value)
{
    if (value.is_string()) {
        const auto text = value.get<std::string>();
        return is_plain(text) ? text : value.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    return value.dump();
}

bool is_inline(const Json& value)
{
    return !value.is_structured() || value.empty();
}

void write(const Json& value, std::size_t indent, std::string& out);

void write_map(const Json& map, std::size_t indent, std::string& out)
{
    bool first = true;
    for (const auto& [key, value] : map.items()) {
        out.append(first ? 0 : indent, ' ');
        first = false;
        out += key;
        out += ':';
        if (is_inline(value)) {
            out += ' ' + scalar_of(value) + '\n';
            continue;
        }
        out += '\n';
        // A list stands below its key without a further indent.
        const std::size_t below = value.is_array() ? indent : indent + 2;
        out.append(below, ' ');
        write(value, below, out);
    }
}

void write_list(const Json& list, std::size_t indent, std::string& out)
{
    bool first = true;
    for (const Json& item : list) {
        out.append(first ? 0 : indent, ' ');
        first = false;
        out += "- ";
        write(item, indent + 2, out);
    }
}

/// The first line stands at the place that was reached, the others are indented.
void write(const Json& value, std::size_t indent, std::string& out)
{
    if (is_inline(value)) {
        out += scalar_of(value) + '\n';
    } else if (value.is_object()) {
        write_map(value, indent, out);
    } else {
        write_list(value, indent, out);
    }
}

}  // namespace

std::string to_yaml(const Json& value)
{
    std::string out;
    write(value, 0, out);
    return out;
}

}  // namespace kvmkit::net
