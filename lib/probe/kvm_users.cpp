// SPDX-License-Identifier: Apache-2.0
#include "probe/kvm_users.hpp"

#include "base/number.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "system/small_files.hpp"

#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr std::size_t longest_name = 64;

enum class Holds { nothing, device, machine };

/// Where a link of proc/PID/fd leads: "/dev/kvm", "anon_inode:kvm-vm", "anon_inode:kvm-vcpu:0".
Holds held_by(std::string_view target)
{
    constexpr std::string_view anonymous = "anon_inode:";
    if (target == "/dev/kvm") {
        return Holds::device;
    }
    const auto name = target.starts_with(anonymous) ? target.substr(anonymous.size()) : std::string_view{};
    return name.starts_with("kvm-vm") || name.starts_with("kvm-vcpu") ? Holds::machine : Holds::nothing;
}

/// Absent: its open files may not be seen.
std::optional<Holds> held_by_process(const Root& root, const std::string& folder)
{
    const auto numbers = root.names(folder + "/fd");
    if (!numbers) {
        return std::nullopt;
    }
    Holds most = Holds::nothing;
    for (const auto& number : numbers->value_or(std::vector<std::string>{})) {
        const auto target = root.link_target(fmt::format("{}/fd/{}", folder, number));
        const Holds here = target && *target ? held_by(**target) : Holds::nothing;
        if (here == Holds::machine) {
            return here;
        }
        most = here == Holds::device ? here : most;
    }
    return most;
}

/// A process that is gone meanwhile, and a thread of the kernel, which has no files, hide nothing.
bool hides_something(const Root& root, const std::string& folder)
{
    const auto command = root.read(folder + "/cmdline");
    return command && *command && !(*command)->empty();
}

}  // namespace

Fact<KvmUsers> find_kvm_users(const Root& root)
{
    const auto names = root.names("proc");
    if (!names) {
        return names.error();
    }
    if (!*names) {
        return std::optional<KvmUsers>{};
    }
    KvmUsers found;
    for (const auto& name : **names) {
        const auto pid = decimal<int>(name);
        if (!pid || *pid <= 0 || (root.is_this_host() && *pid == ::getpid())) {
            continue;
        }
        const auto folder = fmt::format("proc/{}", name);
        const auto held = held_by_process(root, folder);
        if (!held) {
            found.hidden += hides_something(root, folder) ? 1 : 0;
        } else if (*held != Holds::nothing) {
            const auto command = printable(trim(text_or_nothing(root, folder + "/comm")), longest_name);
            found.users.push_back({*pid, command, *held == Holds::machine});
        }
    }
    return std::optional{std::move(found)};
}

}  // namespace kvmkit
