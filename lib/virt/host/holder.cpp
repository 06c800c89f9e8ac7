// SPDX-License-Identifier: Apache-2.0
#include "virt/host/holder.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "system/small_files.hpp"

#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

/// Of "-name guest=web,debug-threads=on".
std::string guest_in(std::string_view command_line)
{
    constexpr std::string_view prefix = "guest=";
    for (const auto argument : split(command_line, '\0')) {
        if (argument.starts_with(prefix)) {
            return std::string{split(argument.substr(prefix.size()), ',').front()};
        }
    }
    return {};
}

}  // namespace

std::optional<FileHolder> find_holder(const Root& root, const std::string& path)
{
    const std::string opened = path.ends_with('/') ? "\"" + path : fmt::format("\"{}\"", path);  // in -blockdev's JSON
    const auto names = root.names("proc");
    for (const auto& name : names ? names->value_or(std::vector<std::string>{}) : std::vector<std::string>{}) {
        const auto pid = decimal<pid_t>(name);
        const auto command_line = pid ? text_or_nothing(root, fmt::format("proc/{}/cmdline", name)) : std::string{};
        if (command_line.find(opened) != std::string::npos) {
            return FileHolder{*pid, guest_in(command_line)};
        }
    }
    return std::nullopt;
}

}  // namespace kvmkit::virt
