// SPDX-License-Identifier: Apache-2.0
#include "report/phrases.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

/// How many bytes the UTF-8 character at the front has; 0: it is none. Overlong forms and surrogates pass nowhere that
/// this program reads from, so the shape is enough.
std::size_t character_length(std::string_view text)
{
    constexpr unsigned continuation_mask = 0xc0;
    constexpr unsigned continuation = 0x80;
    const unsigned first = static_cast<unsigned char>(text.front());
    std::size_t length = 0;
    if (first < 0x80) {
        length = 1;
    } else if (first >= 0xc2 && first < 0xe0) {
        length = 2;
    } else if (first >= 0xe0 && first < 0xf0) {
        length = 3;
    } else if (first >= 0xf0 && first < 0xf5) {
        length = 4;
    }
    if (length == 0 || length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((static_cast<unsigned char>(text[i]) & continuation_mask) != continuation) {
            return 0;
        }
    }
    return length;
}

bool is_control(char c)
{
    constexpr char del = 0x7f;
    return (c >= 0 && c < ' ') || c == del;
}

}  // namespace

std::string_view headline(const Report& report)
{
    switch (report.summary.kvm) {
        case KvmState::native:
            return report.summary.verdict == Readiness::ready
                       ? "ready: guests run at the CPU's own speed"
                       : "runs guests at the CPU's own speed, but not all that was asked for is there";
        case KvmState::emulated: return "opens, but runs guests by emulation only: use TCG";
        case KvmState::partial: return "runs 64 bit guests, but no 16 bit ones, with which most machines boot: use TCG";
        case KvmState::unmeasured: return "creates virtual machines, but no guest was run: not proved";
        case KvmState::broken: return "opens, but runs no guest: use TCG";
        case KvmState::busy: return "held by another hypervisor: use TCG, or stop that one";
        case KvmState::forbidden: return "there, but this user may not use it";
        case KvmState::absent: return "not available on this host: use TCG";
        case KvmState::unknown: break;
    }
    return report.opens ? "opens, but no guest was run: not proved" : "cannot tell whether it works";
}

std::string scope(const Report& report)
{
    const Selection& selection = report.selection;
    if (selection.is_all()) {
        return "";
    }
    auto text = fmt::format("{} of {} checks", report.findings.size(), report.catalogue_size);
    if (!selection.require.empty()) {
        text += fmt::format(", required: {}", fmt::join(selection.require, ", "));
    }
    return fmt::format("{}{}: {}", text, selection.strict ? ", strictly" : "", word(report.summary.verdict));
}

std::string_view place(Where where)
{
    switch (where) {
        case Where::this_host: return "";
        case Where::firmware: return " (in the firmware)";
        case Where::hypervisor: return " (on the hypervisor below)";
        case Where::cloud_console: return " (in the cloud's console)";
    }
    return "";
}

std::string one_line(std::string_view text)
{
    std::string line;
    while (!text.empty()) {
        const auto length = character_length(text);
        if (length == 0) {
            line += '?';
            text.remove_prefix(1);
            continue;
        }
        line += is_control(text.front()) ? std::string_view{" "} : text.substr(0, length);
        text.remove_prefix(length);
    }
    return line;
}

}  // namespace kvmkit
