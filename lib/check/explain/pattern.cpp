// SPDX-License-Identifier: Apache-2.0
#include "check/explain/pattern.hpp"

#include <algorithm>

namespace kvmkit {
namespace {

constexpr std::size_t longest_capture = 64;

constexpr char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_word_start(char c)
{
    return (c >= '0' && c <= '9') || (fold(c) >= 'a' && fold(c) <= 'z') || c == '_';
}

constexpr bool is_word(char c)
{
    return is_word_start(c) || c == '-' || c == '.';
}

/// The word at the front; empty: there is none, or it is too long to be meant. A final full stop is not part of it.
std::string_view front_word(std::string_view text)
{
    if (text.empty() || !is_word_start(text.front())) {
        return {};
    }
    const auto end = std::ranges::find_if_not(text, is_word);
    auto word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    while (word.ends_with('.')) {
        word.remove_suffix(1);
    }
    return word.size() <= longest_capture ? word : std::string_view{};
}

/// One attempt. After a failure it goes back to the last '*' and lets that stand for one byte more.
class Attempt {
public:
    Attempt(std::string_view pattern, std::string_view text, Captures& captures)
        : pattern_(pattern), text_(text), captures_(captures)
    {
    }

    Match run()
    {
        while (at_ < pattern_.size()) {
            if (pattern_[at_] == '*') {
                ++at_;
                star_ = {at_, place_, captures_.size()};
                starred_ = true;
            } else if (!step()) {
                if (!starred_) {
                    return Match::no;
                }
                if (star_.place == text_.size()) {
                    return Match::never;
                }
                ++star_.place;
                at_ = star_.at;
                place_ = star_.place;
                captures_.resize(star_.captures);
            }
        }
        return Match::yes;
    }

private:
    struct Mark {
        std::size_t at = 0;
        std::size_t place = 0;
        std::size_t captures = 0;
    };

    bool step()
    {
        const char c = pattern_[at_];
        if (c == '{') {
            return capture();
        }
        if (c == '$') {
            ++at_;
            return text_.find_first_not_of(" \t\r", place_) == std::string_view::npos;
        }
        if (place_ == text_.size() || fold(text_[place_]) != fold(c)) {
            return false;
        }
        ++at_;
        ++place_;
        return true;
    }

    bool capture()
    {
        const auto word = front_word(text_.substr(place_));
        const auto end = pattern_.find('}', at_);
        if (word.empty() || end == std::string_view::npos) {
            return false;
        }
        captures_.push_back({pattern_.substr(at_ + 1, end - at_ - 1), std::string{word}});
        at_ = end + 1;
        place_ += word.size();
        return true;
    }

    std::string_view pattern_;
    std::string_view text_;
    Captures& captures_;
    std::size_t at_ = 0;     ///< In the pattern.
    std::size_t place_ = 0;  ///< In the text.
    Mark star_;
    bool starred_ = false;
};

}  // namespace

std::string_view caught(const Captures& captures, std::string_view name)
{
    const auto found = std::ranges::find(captures, name, &Capture::name);
    return found == captures.end() ? std::string_view{} : found->value;
}

Match match_here(std::string_view pattern, std::string_view text, Captures& captures)
{
    captures.clear();
    return Attempt{pattern, text, captures}.run();
}

std::string fill_in(std::string_view text, const Captures& captures)
{
    std::string filled;
    while (!text.empty()) {
        const auto open = text.find('{');
        const auto close = text.find('}', open == std::string_view::npos ? open : open + 1);
        if (close == std::string_view::npos) {
            break;
        }
        const auto value = caught(captures, text.substr(open + 1, close - open - 1));
        filled += text.substr(0, open);
        filled += value.empty() ? text.substr(open, close - open + 1) : value;
        text.remove_prefix(close + 1);
    }
    return filled.append(text);
}

}  // namespace kvmkit
