// SPDX-License-Identifier: Apache-2.0
#include "cli/completion/shell_line.hpp"

#include <algorithm>
#include <cctype>

namespace kvmkit::cli {
namespace {

constexpr std::string_view blanks = " \t\n";
constexpr std::string_view escaped_in_double_quotes = "\"\\$`";

class Splitter {
public:
    explicit Splitter(std::string_view breaks) : breaks_(breaks) {}

    void take(char c)
    {
        if (escaped_) {
            take_escaped(c);
        } else if (c == '\\' && quote_ != '\'') {
            escaped_ = true;
            open_ = true;
        } else if (quote_ != '\0') {
            take_quoted(c);
        } else if (c == '\'' || c == '"') {
            quote_ = c;
            open_ = true;
            kept_ = word_.size();
        } else {
            take_bare(c);
        }
    }

    ShellLine finish() &&
    {
        line_.words.push_back(std::move(word_));
        line_.kept = kept_;
        line_.quote = quote_;
        line_.redirected = target_;
        return std::move(line_);
    }

private:
    void add(char c)
    {
        word_ += c;
        open_ = true;
    }

    void take_escaped(char c)
    {
        escaped_ = false;
        if (quote_ == '"' && escaped_in_double_quotes.find(c) == std::string_view::npos) {
            add('\\');
        }
        add(c);
    }

    void take_quoted(char c)
    {
        if (c != quote_) {
            add(c);
            return;
        }
        quote_ = '\0';
        kept_ = before_quote_;
    }

    void take_bare(char c)
    {
        if (blanks.find(c) != std::string_view::npos) {
            end_word();
            return;
        }
        if (c == '<' || c == '>') {
            redirect();
            return;
        }
        if (c == '&' && target_ && !open_) {
            return;
        }
        add(c);
        if (breaks_.find(c) != std::string_view::npos) {
            kept_ = word_.size();
            before_quote_ = kept_;
        }
    }

    void end_word()
    {
        if (open_ && !target_) {
            line_.words.push_back(word_);
        }
        target_ = target_ && !open_;
        begin_word();
    }

    /// "2>" is no word.
    void redirect()
    {
        const bool number = std::ranges::all_of(word_, [](char c) { return c >= '0' && c <= '9'; });
        if (open_ && !target_ && !number) {
            line_.words.push_back(word_);
        }
        begin_word();
        target_ = true;
    }

    void begin_word()
    {
        word_.clear();
        open_ = false;
        kept_ = 0;
        before_quote_ = 0;
    }

    std::string_view breaks_;
    ShellLine line_;
    std::string word_;
    std::size_t kept_ = 0;
    std::size_t before_quote_ = 0;  ///< What was kept before the quote that is open; a closed one breaks no word.
    char quote_ = '\0';
    bool escaped_ = false;
    bool open_ = false;  ///< A word has begun, be it an empty one in quotes.
    bool target_ = false;
};

bool is_bare(char c)
{
    constexpr std::string_view harmless = "_-+=./:,@%";
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || std::isalnum(byte) != 0 || harmless.find(c) != std::string_view::npos;
}

}  // namespace

ShellLine split_shell_line(std::string_view line, std::string_view breaks)
{
    Splitter splitter{breaks};
    for (const char c : line) {
        splitter.take(c);
    }
    return std::move(splitter).finish();
}

std::string quoted_for_shell(std::string_view word, char quote)
{
    std::string typed;
    for (const char c : word) {
        if (quote == '\'' && c == '\'') {
            typed += "'\\''";
            continue;
        }
        const bool special = quote == '"' && escaped_in_double_quotes.find(c) != std::string_view::npos;
        typed += special || (quote == '\0' && !is_bare(c)) ? std::string{'\\', c} : std::string{c};
    }
    return typed;
}

}  // namespace kvmkit::cli
