// SPDX-License-Identifier: Apache-2.0
#include "virt/host/denials.hpp"

#include "base/text.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::size_t most_bytes = std::size_t{4} << 20U;  // of one log, from its end

/// audit writes a value in hexadecimal digits where it holds blanks, quotes or control characters.
std::string from_hex(std::string_view digits)
{
    std::string bytes;
    for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
        unsigned char byte = 0;
        const auto* const end = digits.data() + at + 2;
        if (std::from_chars(digits.data() + at, end, byte, 16).ptr != end) {
            return std::string{digits};
        }
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

/// The value of ` key="value"` or ` key=76616C7565` in a line of audit.
std::string value_of(std::string_view line, std::string_view key)
{
    const auto found = line.find(fmt::format(" {}=", key));
    if (found == std::string_view::npos) {
        return {};
    }
    line.remove_prefix(found + key.size() + 2);
    if (!line.starts_with('"')) {
        return from_hex(line.substr(0, line.find(' ')));
    }
    line.remove_prefix(1);
    return std::string{line.substr(0, line.find('"'))};
}

/// "audit(1764530000.123:45)": when it was, in seconds since 1970; the kernel's clock for this lags by some
/// milliseconds.
std::chrono::sys_seconds time_of(std::string_view line)
{
    constexpr std::string_view before = "audit(";
    const auto found = line.find(before);
    std::int64_t seconds = 0;
    if (found != std::string_view::npos) {
        line.remove_prefix(found + before.size());
        (void)std::from_chars(line.data(), line.data() + line.size(), seconds);
    }
    return std::chrono::sys_seconds{std::chrono::seconds{seconds}};
}

/// A rule has no word for what a log calls creating (c), deleting (d) and appending (a), but writing.
std::string permissions_for(std::string mask)
{
    std::ranges::replace_if(
        mask, [](char c) { return c == 'c' || c == 'd' || c == 'a'; }, 'w');
    std::ranges::sort(mask);
    mask.erase(std::unique(mask.begin(), mask.end()), mask.end());
    return mask;
}

/// A path may hold anything, but it goes to a terminal.
std::string printable(std::string text)
{
    std::ranges::replace_if(
        text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return text;
}

/// Up to its end, or, of the kernel's, to where it would wait for the next line.
std::string read_log(const Root& root, const std::string& path)
{
    const auto log = root.open_file(path, Access::read_only);
    if (!log || !*log) {
        return {};
    }
    const int fd = (*log)->get();
    struct stat about {};
    if (::fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
        (void)::lseek(fd, std::max<off_t>(0, about.st_size - static_cast<off_t>(most_bytes)), SEEK_SET);
    }
    std::string text;
    std::array<char, 8192> record{};
    while (text.size() < 2 * most_bytes) {
        const ssize_t size = ::read(fd, record.data(), record.size());
        if (size > 0) {
            text.append(record.data(), static_cast<std::size_t>(size));
        } else if (size == 0 || (errno != EPIPE && errno != EINTR)) {  // EPIPE: overwritten, the next one follows
            break;
        }
    }
    return text;
}

}  // namespace

std::optional<Denial> last_denial(std::string_view log, std::string_view vm_uuid, std::chrono::sys_seconds since)
{
    constexpr std::chrono::seconds lag{1};
    const auto profile = fmt::format("profile=\"libvirt-{}\"", vm_uuid);
    std::optional<Denial> last;
    for (const auto line : lines(log)) {
        if (line.find("apparmor=\"DENIED\"") == std::string_view::npos ||
            line.find(profile) == std::string_view::npos || time_of(line) + lag < since) {
            continue;
        }
        Denial denial{value_of(line, "operation"), printable(value_of(line, "name")), value_of(line, "denied_mask")};
        if (denial.path.starts_with('/')) {  // others are of capabilities and sockets
            last = std::move(denial);
        }
    }
    return last;
}

std::optional<Denial> find_denial(const Root& root, std::string_view vm_uuid, std::chrono::sys_seconds since)
{
    for (const auto* const log : {"dev/kmsg", "var/log/audit/audit.log"}) {
        if (auto denial = last_denial(read_log(root, log), vm_uuid, since)) {
            return denial;
        }
    }
    return std::nullopt;
}

std::string remedy_of(const Denial& denial)
{
    return fmt::format(
        "AppArmor denied QEMU '{1}' of {0} ({2}): move it to /var/lib/libvirt/images, or allow it by a line "
        "'\"{0}\" {3},' in /etc/apparmor.d/local/abstractions/libvirt-qemu",
        denial.path,
        denial.operation,
        denial.mask,
        permissions_for(denial.mask));
}

}  // namespace kvmkit::virt
