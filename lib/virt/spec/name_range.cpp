// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/name_range.hpp"

#include "base/number.hpp"
#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

Error bad_range(std::string_view text)
{
    return {ErrorCode::usage,
            fmt::format("'{}' is no range of names", text),
            fmt::format("write it like 'web{{1..50}}', at most {} names", most_names)};
}

struct Range {
    std::string_view head;
    std::string_view tail;
    unsigned first = 0;
    unsigned last = 0;
    std::size_t width = 0;  ///< Digits, with zeros in front.
};

/// "HEAD{FIRST..LAST}TAIL"
Result<Range> parse_range(std::string_view word)
{
    const auto open = word.find('{');
    const auto dots = word.find("..", open);
    const auto close = word.find('}', open);
    if (dots == std::string_view::npos || close == std::string_view::npos || dots > close ||
        word.find_first_of("{}", close + 1) != std::string_view::npos) {
        return bad_range(word);
    }
    const auto from = word.substr(open + 1, dots - open - 1);
    const auto first = decimal<unsigned>(from);
    const auto last = decimal<unsigned>(word.substr(dots + 2, close - dots - 2));
    if (!first || !last || *last < *first || *last - *first >= most_names) {
        return bad_range(word);
    }
    return Range{word.substr(0, open), word.substr(close + 1), *first, *last, from.starts_with('0') ? from.size() : 0};
}

Result<std::vector<std::string>> spelt_out(std::string_view word)
{
    if (word.find_first_of("{}") == std::string_view::npos) {
        return std::vector<std::string>{std::string{word}};
    }
    const auto range = parse_range(word);
    if (!range) {
        return range.error();
    }
    std::vector<std::string> words;
    words.reserve(range->last - range->first + 1);
    for (unsigned number = range->first; number <= range->last; ++number) {
        words.push_back(fmt::format("{}{:0{}}{}", range->head, number, range->width, range->tail));
    }
    return words;
}

}  // namespace

Result<std::vector<VmName>> parse_names(std::string_view text)
{
    std::vector<VmName> names;
    for (const auto word : split(text, ',')) {
        const auto words = spelt_out(word);
        if (!words) {
            return words.error();
        }
        names.reserve(names.size() + words->size());
        for (const auto& one : *words) {
            auto name = VmName::parse(one);
            if (!name) {
                return name.error();
            }
            if (std::ranges::find(names, *name) != names.end()) {
                return Error{ErrorCode::usage, fmt::format("VM '{}' is named twice", one), "name each VM once"};
            }
            names.push_back(std::move(*name));
        }
    }
    return names.size() <= most_names ? Result<std::vector<VmName>>{std::move(names)} : bad_range(text);
}

}  // namespace kvmkit::virt
