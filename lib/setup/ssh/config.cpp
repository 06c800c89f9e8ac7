// SPDX-License-Identifier: Apache-2.0
#include "setup/ssh/config.hpp"

#include "base/text.hpp"
#include "system/small_files.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr const char* own_file = "etc/ssh/sshd_config";
constexpr const char* vendor_file = "usr/etc/ssh/sshd_config";
constexpr unsigned deepest = 16;  ///< sshd's own limit.

std::string lower(std::string_view text)
{
    std::string small{text};
    std::ranges::transform(
        small, small.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return small;
}

/// "Keyword value", "Keyword=value", "Keyword = value".
std::pair<std::string, std::string> split_line(std::string_view line)
{
    const auto end = std::min(line.find_first_of(" \t="), line.size());
    auto value = trim(line.substr(end));
    if (value.starts_with('=')) {
        value = trim(value.substr(1));
    }
    const auto comment = value.find(" #");
    return {lower(line.substr(0, end)), std::string{trim(value.substr(0, comment))}};
}

/// Follows what one file includes. A Match of an included file ends with that file.
class Reader {
public:
    explicit Reader(const Root& root) : root_(root) {}

    void read(const std::string& file, const std::string& match, unsigned depth)
    {
        const auto text = text_or_nothing(root_, file);
        std::string inside = match;
        for (SshdSetting& setting : read_sshd_settings(text, file)) {
            inside = setting.match.empty() ? match : setting.match;
            setting.match = inside;
            if (setting.keyword != "include") {
                found_.push_back(std::move(setting));
            } else if (depth < deepest) {
                include(setting.value, inside, depth + 1);
            }
        }
    }

    std::vector<SshdSetting> take() { return std::move(found_); }

private:
    void include(const std::string& patterns, const std::string& match, unsigned depth)
    {
        for (const auto word : words(patterns)) {
            const auto pattern = word.starts_with('/') ? std::string{word.substr(1)} : fmt::format("etc/ssh/{}", word);
            const auto slash = pattern.rfind('/');
            const auto folder = pattern.substr(0, slash == std::string::npos ? 0 : slash);
            const auto file_pattern = std::string_view{pattern}.substr(slash == std::string::npos ? 0 : slash + 1);
            const auto names = root_.names(folder.empty() ? "." : folder);
            if (!names || !*names) {
                continue;
            }
            for (const std::string& name : **names) {
                const bool hidden = name.starts_with('.');
                if (!hidden && fits_pattern(name, file_pattern)) {
                    read(fmt::format("{}/{}", folder, name), match, depth);
                }
            }
        }
    }

    const Root& root_;
    std::vector<SshdSetting> found_;
};

}  // namespace

bool fits_pattern(std::string_view name, std::string_view pattern)
{
    std::size_t at = 0;
    std::size_t in_pattern = 0;
    std::size_t star = std::string_view::npos;
    std::size_t retry = 0;
    while (at < name.size()) {
        if (in_pattern < pattern.size() && (pattern[in_pattern] == '?' || pattern[in_pattern] == name[at]) &&
            pattern[in_pattern] != '*') {
            ++at;
            ++in_pattern;
        } else if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
            star = in_pattern++;
            retry = at;
        } else if (star != std::string_view::npos) {
            in_pattern = star + 1;
            at = ++retry;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

std::vector<SshdSetting> read_sshd_settings(std::string_view text, const std::string& file)
{
    std::vector<SshdSetting> found;
    std::string match;
    unsigned number = 0;
    for (const auto raw : lines(text)) {
        ++number;
        const auto line = trim(raw);
        if (line.empty() || line.front() == '#') {
            continue;
        }
        auto [keyword, value] = split_line(line);
        if (keyword == "match") {
            // "Match all" ends a block for sshd as well as for who reads it.
            match = lower(value) == "all" ? std::string{} : value;
            continue;
        }
        found.push_back({std::move(keyword), std::move(value), match, file, number});
    }
    return found;
}

std::string sshd_main_file(const Root& root)
{
    return root.exists(own_file) || !root.exists(vendor_file) ? own_file : vendor_file;
}

std::vector<SshdSetting> read_sshd_config(const Root& root)
{
    Reader reader{root};
    reader.read(sshd_main_file(root), {}, 0);
    return reader.take();
}

std::string describe(const SshdSetting& setting)
{
    return fmt::format("/{}:{}: {} {}{}",
                       setting.file,
                       setting.line,
                       setting.keyword == "permitrootlogin" ? "PermitRootLogin" : setting.keyword,
                       setting.value,
                       setting.match.empty() ? "" : fmt::format(" (Match {})", setting.match));
}

}  // namespace kvmkit::setup
