// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/boot_watch.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace kvmkit::virt {
namespace {

constexpr std::string_view ready_mark = "KVMKIT-GUEST ready ";
constexpr std::string_view panic_mark = "Kernel panic - not syncing";
constexpr std::size_t longest_line = 1024;
constexpr std::size_t lines_kept = 12;

bool printable(char c)
{
    return static_cast<unsigned char>(c) >= 0x20 && c != '\x7f';
}

bool tells_of_a_panic(std::string_view line)
{
    return line.find(panic_mark) != std::string_view::npos;
}

}  // namespace

BootSign boot_sign_for(std::string_view kernel_command_line)
{
    const auto all = words(kernel_command_line);
    const bool promised = std::ranges::any_of(all, [](std::string_view word) { return word.starts_with("kvmkit."); });
    return promised ? BootSign::ready_line : BootSign::any_output;
}

void BootWatch::feed(std::string_view bytes)
{
    for (const char c : bytes) {
        if (c == '\n') {
            end_line();
        } else if (printable(c) && line_.size() < longest_line) {
            line_ += c;
        }
    }
    if (wanted_ == BootSign::any_output && !bytes.empty()) {
        booted_ = true;
    }
}

std::vector<std::string> BootWatch::last_lines() const
{
    std::vector<std::string> all(lines_.begin(), lines_.end());
    if (!trim(line_).empty()) {
        all.push_back(line_);
    }
    return all;
}

void BootWatch::end_line()
{
    if (line_.starts_with(ready_mark)) {
        ready_line_ = line_;
        booted_ = true;
    }
    panicked_ = panicked_ || tells_of_a_panic(line_);
    if (!trim(line_).empty()) {
        lines_.push_back(line_);
    }
    if (lines_.size() > lines_kept) {
        // The line that names the panic outlives the call trace behind it.
        lines_.erase(lines_.begin() + (tells_of_a_panic(lines_.front()) ? 1 : 0));
    }
    line_.clear();
}

}  // namespace kvmkit::virt
