// SPDX-License-Identifier: Apache-2.0
#include "probe/kernel_log.hpp"

#include "base/text.hpp"
#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <set>
#include <string_view>

namespace kvmkit {
namespace {

constexpr std::size_t most_lines = 200;
constexpr std::array topics{
    "kvm", "vmx", "svm", "virt", "hypervisor", "vt-x", "iommu", "dmar", "amd-vi", "remapping", "tboot"};

bool concerns_us(std::string_view line)
{
    if (line.find("ommand line: ") != std::string_view::npos) {  // proc/cmdline tells it once
        return false;
    }
    std::string lower{line};
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::ranges::any_of(topics, [&lower](const char* topic) { return lower.find(topic) != std::string::npos; });
}

/// "6,339,5140900,-;the message\n SUBSYSTEM=...\n": the message.
std::string_view message_of(std::string_view record)
{
    const auto semicolon = record.find(';');
    const auto rest = semicolon == std::string_view::npos ? record : record.substr(semicolon + 1);
    return rest.substr(0, rest.find('\n'));
}

}  // namespace

Fact<std::vector<std::string>> read_kernel_log()
{
    const UniqueFd log{::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    if (!log) {
        return errno_error(errno, "cannot open '/dev/kmsg'");
    }
    std::vector<std::string> found;
    std::set<std::string, std::less<>> seen;
    std::array<char, 8192> record{};
    while (true) {
        const ssize_t size = ::read(log.get(), record.data(), record.size());
        if (size < 0 && (errno == EPIPE || errno == EINTR)) {  // overwritten meanwhile: the next one follows
            continue;
        }
        if (size <= 0) {
            break;
        }
        const auto message = message_of({record.data(), static_cast<std::size_t>(size)});
        if (concerns_us(message) && seen.emplace(message).second) {
            found.emplace_back(message);
        }
    }
    if (found.size() > most_lines) {
        found.erase(found.begin(), found.end() - most_lines);
    }
    return std::optional{std::move(found)};
}

}  // namespace kvmkit
