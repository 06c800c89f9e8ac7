// SPDX-License-Identifier: Apache-2.0
// Any file of apt's sources, in both forms: words lie where they say, no edit is no change, and a switch to a mirror
// touches nothing of others, is complete, and is the same the second time.
#include "setup/sources/switch.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace kvmkit::setup;

void demand(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

void check_words(std::string_view text, const std::vector<SourceWord>& words)
{
    for (const SourceWord& word : words) {
        demand(text.substr(word.begin, word.text.size()) == word.text);
    }
}

void check(SourceFormat format, std::string_view text)
{
    const SourceFile file{"etc/a", format, std::string{text}, read_source_entries(format, text)};
    demand(with_edits(text, {}) == text);
    std::size_t last = 0;
    for (const SourceEntry& entry : file.entries.entries) {
        demand(entry.begin >= last && entry.begin < entry.end && entry.end <= text.size());
        last = entry.end;
        check_words(text, entry.uris);
        check_words(text, entry.suites);
    }
    const Distribution distribution{"debian", "12", "Debian 12", "bookworm", Family::debian, 1200};
    const auto theirs = [](const SourceEntry&) { return false; };
    demand(plan_switch({file}, distribution, theirs, {"http://m/debian/", "http://m/s/"}).files.empty());
    const auto ours = [](const SourceEntry&) { return true; };
    const auto once = plan_switch({file}, distribution, ours, {"http://m/debian/"});
    if (once.files.empty()) {
        return;
    }
    const auto& changed = once.files.front().text;
    const SourceFile again{"etc/a", format, changed, read_source_entries(format, changed)};
    demand(again.entries.entries.size() >= file.entries.entries.size());
    demand(plan_switch({again}, distribution, ours, {"http://m/debian/"}).files.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    check(SourceFormat::one_line, text);
    check(SourceFormat::deb822, text);
    return 0;
}
