// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/boot_stages.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace kvmkit::virt {
namespace {

constexpr std::size_t longest_line = 1024;

/// What SeaBIOS, iPXE, OVMF and GRUB print before a kernel speaks.
bool is_of_firmware(std::string_view line)
{
    constexpr std::array words{"SeaBIOS", "iPXE", "Booting from", "BdsDxe", "GRUB", "Welcome to GRUB", "Press ESC"};
    return std::ranges::any_of(words, [line](const char* word) { return line.find(word) != std::string_view::npos; });
}

/// "[    0.000000] Linux version ...", and the loader's words inside the kernel's own image.
bool is_of_kernel(std::string_view line)
{
    const auto close = line.find(']');
    const bool stamped = line.starts_with('[') && close != std::string_view::npos &&
                         line.substr(1, close - 1).find_first_not_of(" .0123456789") == std::string_view::npos;
    return stamped || line.starts_with("Decompressing Linux") || line.starts_with("Booting the kernel") ||
           line.starts_with("Loading");
}

}  // namespace

void BootStages::feed(std::string_view bytes, Time since_start)
{
    for (const char c : bytes) {
        if (c == '\n') {
            end_line(since_start);
        } else if (static_cast<unsigned char>(c) >= 0x20 && line_.size() < longest_line) {
            line_ += c;
        }
    }
}

void BootStages::end_line(Time since_start)
{
    const auto line = trim(line_);
    if (!line.empty() && !is_of_firmware(line)) {
        kernel_ = kernel_.value_or(since_start);
        if (!init_ && !is_of_kernel(line)) {
            init_ = since_start;
        }
    }
    line_.clear();
}

std::vector<Stage> stages_of(const BootMarks& marks)
{
    using Mark = std::pair<const char*, std::optional<std::chrono::milliseconds>>;
    const std::array all{Mark{"firmware", marks.kernel},
                         Mark{"kernel", marks.init},
                         Mark{"init", marks.booted},
                         Mark{"network", marks.address},
                         Mark{"ready", marks.ready}};
    std::vector<Stage> stages;
    std::chrono::milliseconds reached{0};
    for (const auto& [name, mark] : all) {
        if (mark) {  // an address may be seen before the console has told of the boot: it took no time of its own
            const auto now = std::max(*mark, reached);
            stages.push_back({name, now - reached});
            reached = now;
        }
    }
    return stages;
}

}  // namespace kvmkit::virt
