// SPDX-License-Identifier: Apache-2.0
#include "net/owner/interfaces_file.hpp"

#include "base/text.hpp"
#include "system/small_files.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

const std::string main_file = "etc/network/interfaces";

bool opens_stanza(std::string_view word)
{
    constexpr std::array<std::string_view, 7> words{
        "iface", "mapping", "auto", "source", "source-directory", "rename", "no-auto-down"};
    return std::ranges::find(words, word) != words.end() || word.starts_with("allow-") ||
           word.starts_with("no-scripts");
}

/// The pattern of a source line, below the root.
std::string pattern_of(const InterfacesStanza& stanza)
{
    if (stanza.words.size() < 2) {
        return "";
    }
    const std::string& text = stanza.words[1];
    return text.starts_with('/') ? text.substr(1) : "etc/network/" + text;
}

std::string folder_of(const std::string& path)
{
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string{} : path.substr(0, slash);
}

/// What source-directory takes; the shell's patterns leave out hidden files.
bool is_clean_name(std::string_view name)
{
    return std::ranges::all_of(
        name, [](unsigned char letter) { return (std::isalnum(letter) != 0) || letter == '_' || letter == '-'; });
}

bool takes(const InterfacesStanza& stanza, const std::string& path)
{
    const auto pattern = pattern_of(stanza);
    const auto name = path.substr(path.rfind('/') + 1);
    if (stanza.words[0] == "source-directory") {
        return folder_of(path) == pattern && is_clean_name(name);
    }
    return stanza.words[0] == "source" && ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

InterfacesFile read_file(const Root& root, const std::string& path)
{
    InterfacesFile file{path, text_or_nothing(root, path)};
    file.stanzas = stanzas_of(file.text);
    return file;
}

void follow(const Root& root, const InterfacesStanza& stanza, std::vector<InterfacesFile>& files)
{
    const bool whole = stanza.words[0] == "source-directory";
    const auto folder = whole ? pattern_of(stanza) : folder_of(pattern_of(stanza));
    const auto names = root.names(folder);
    if (!names || !*names) {
        return;
    }
    for (const std::string& name : **names) {
        const auto path = fmt::format("{}/{}", folder, name);
        const bool known = std::ranges::find(files, path, &InterfacesFile::path) != files.end();
        if (!known && takes(stanza, path)) {
            files.push_back(read_file(root, path));
        }
    }
}

}  // namespace

bool InterfacesStanza::starts(std::string_view link) const
{
    const bool opens = words[0] == "auto" || words[0].starts_with("allow-");
    return opens && std::find(words.begin() + 1, words.end(), link) != words.end();
}

std::vector<InterfacesStanza> stanzas_of(std::string_view text)
{
    std::vector<InterfacesStanza> stanzas;
    bool goes_on = false;
    std::size_t number = 0;
    for (const std::string_view line : lines(text)) {
        const auto parts = words(line);
        const bool comment = !parts.empty() && parts.front().starts_with('#');
        if (!goes_on && !parts.empty() && !comment && opens_stanza(parts.front())) {
            stanzas.push_back({{parts.begin(), parts.end()}, number, number + 1});
        } else if ((goes_on || (!parts.empty() && !comment)) && !stanzas.empty()) {
            stanzas.back().end_line = number + 1;
        }
        goes_on = line.ends_with('\\') && !comment;
        ++number;
    }
    return stanzas;
}

std::vector<InterfacesFile> interfaces_files(const Root& root)
{
    std::vector<InterfacesFile> files;
    if (!root.exists(main_file)) {
        return files;
    }
    files.push_back(read_file(root, main_file));
    for (std::size_t i = 0; i < files.size(); ++i) {
        const auto stanzas = files[i].stanzas;
        for (const InterfacesStanza& stanza : stanzas) {
            if (stanza.words[0].starts_with("source")) {
                follow(root, stanza, files);
            }
        }
    }
    return files;
}

bool is_sourced(const std::vector<InterfacesFile>& files, const std::string& path)
{
    return std::ranges::any_of(files, [&path](const InterfacesFile& file) {
        return std::ranges::any_of(file.stanzas,
                                   [&path](const InterfacesStanza& stanza) { return takes(stanza, path); });
    });
}

}  // namespace kvmkit::net
