// SPDX-License-Identifier: Apache-2.0
#include "virt/seed/words.hpp"

#include "base/printable.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::string_view small = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view digits = "0123456789";
constexpr std::size_t longest_user = 32;
constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_hostname = 253;

bool made_of(std::string_view text, std::string_view one, std::string_view two, std::string_view three = {})
{
    return std::ranges::all_of(text, [&](char c) {
        return one.find(c) != std::string_view::npos || two.find(c) != std::string_view::npos ||
               three.find(c) != std::string_view::npos;
    });
}

bool is_label(std::string_view label)
{
    return !label.empty() && label.size() <= longest_label && label.front() != '-' && label.back() != '-' &&
           made_of(label, letters, digits, "-");
}

Error usage(std::string message, std::string hint)
{
    return {ErrorCode::usage, std::move(message), std::move(hint)};
}

}  // namespace

Result<void> check_user_name(std::string_view name)
{
    const bool fits = !name.empty() && name.size() <= longest_user;
    if (fits && made_of(name, small, digits, "_-") && made_of(name.substr(0, 1), small, "_")) {
        return {};
    }
    return usage(fmt::format("'{}' is no user name", printable(name, longest_label)),
                 "use small letters, digits, '_' and '-', a letter first: --user admin");
}

Result<void> check_hostname(std::string_view name)
{
    const auto labels = split(name, '.');
    if (name.size() <= longest_hostname && std::ranges::all_of(labels, is_label)) {
        return {};
    }
    return usage(fmt::format("'{}' is no host name", printable(name, longest_label)),
                 "use letters, digits and '-', with dots before a domain: --hostname web.example.org");
}

Result<void> check_package_name(std::string_view name)
{
    if (!name.empty() && made_of(name.substr(0, 1), letters, digits) && made_of(name, letters, digits, "+-._:~=@")) {
        return {};
    }
    return usage(fmt::format("'{}' is no package name", printable(name, longest_label)),
                 "name one package an option: --package nginx --package curl");
}

Result<void> check_command(std::string_view command)
{
    if (trim(command).empty()) {
        return usage("--run '': the command is empty",
                     "name a command for the guest's shell: --run 'systemctl start nginx'");
    }
    if (first_broken_byte(command)) {
        return usage("--run: the command is no UTF-8 text", "write it to a file of --user-data as base64");
    }
    return {};
}

Result<void> check_user_data(std::string_view text, std::string_view name)
{
    if (const auto at = first_broken_byte(text); at || text.find('\0') != std::string_view::npos) {
        return Error{ErrorCode::invalid,
                     fmt::format("cannot use user-data '{}': it is no UTF-8 text", name),
                     "cloud-init takes packed user-data from clouds only: unpack it"};
    }
    const auto first = trim(text.substr(0, text.find('\n')));
    if (first == "#cloud-config" || text.starts_with("#!")) {
        return {};
    }
    return Error{
        ErrorCode::invalid,
        fmt::format("cannot use user-data '{}': its first line is neither #cloud-config nor a script's #!", name),
        "cloud-init tells documents by their first line; without one it ignores them"};
}

}  // namespace kvmkit::virt
