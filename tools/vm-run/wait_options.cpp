// SPDX-License-Identifier: Apache-2.0
#include "wait_options.hpp"

#include "base/deadline.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

constexpr std::array all{Wait::none, Wait::boot, Wait::ip, Wait::agent, Wait::ssh, Wait::cloud_init, Wait::off};

Error usage(std::string message, std::string hint)
{
    return {ErrorCode::usage, std::move(message), std::move(hint)};
}

bool leads_in(const virt::Nic& nic)
{
    const auto* user = std::get_if<virt::UserNic>(&nic.source);
    return user == nullptr ||
           std::ranges::any_of(user->forwards, [](const virt::PortForward& port) { return port.guest == 22; });
}

Result<OnFail> parse_on_fail(const std::string& text)
{
    if (text == "keep" || text == "rollback") {
        return text == "keep" ? OnFail::keep : OnFail::rollback;
    }
    return usage(fmt::format("'{}' is nothing to do with a VM", text), "use --on-fail keep or rollback");
}

}  // namespace

bool can_be_called(const std::vector<virt::Nic>& nics)
{
    return std::ranges::any_of(nics, leads_in);
}

std::string_view word(Wait wait) noexcept
{
    switch (wait) {
        case Wait::none: return "none";
        case Wait::boot: return "boot";
        case Wait::ip: return "ip";
        case Wait::agent: return "agent";
        case Wait::ssh: return "ssh";
        case Wait::cloud_init: return "cloud-init";
        case Wait::off: return "off";
    }
    return "";
}

std::vector<std::string> wait_words()
{
    std::vector<std::string> words;
    words.reserve(all.size());
    for (const Wait wait : all) {
        words.emplace_back(word(wait));
    }
    return words;
}

Result<Wait> parse_wait(const std::string& text)
{
    const auto* const found = std::ranges::find_if(all, [&text](Wait wait) { return word(wait) == text; });
    if (found == all.end()) {
        return usage(fmt::format("'{}' is nothing to wait for", text), "use boot, ip, agent, ssh or cloud-init");
    }
    return *found;
}

void declare_wait(cli::po::options_description_easy_init& add)
{
    using cli::po::value;
    add("wait",
        value<std::string>()->value_name("WHAT")->default_value("boot"),
        "none, boot, ip, agent, ssh or cloud-init");
    add("timeout", value<std::string>()->value_name("TIME")->default_value("120"), "how long to wait");
    add("on-fail",
        value<std::string>()->value_name("keep|rollback")->default_value("keep"),
        "what becomes of a VM that was not ready in time, or ended");
}

Result<WaitOptions> read_wait(const cli::Arguments& arguments)
{
    const auto wait = parse_wait(arguments.text("wait"));
    const auto timeout = parse_duration(arguments.text("timeout"));
    const auto on_fail = parse_on_fail(arguments.text("on-fail"));
    if (!wait || !on_fail) {
        return !wait ? wait.error() : on_fail.error();
    }
    if (!timeout) {
        return usage(timeout.error().message, timeout.error().hint);
    }
    if (*wait == Wait::off) {
        return usage("'off' is nothing to wait for", "vm-run wait NAME --for off waits until a VM is off");
    }
    return WaitOptions{*wait, *timeout, *on_fail};
}

Result<void> check_calls(Wait wait, const std::vector<virt::Nic>& nics)
{
    if ((wait == Wait::ip || wait == Wait::ssh) && !can_be_called(nics)) {
        return usage(fmt::format("cannot wait for {}: nobody can call a VM with --net {}", word(wait), describe(nics)),
                     "use --net user,fwd=2222:22, network=NAME or bridge=NAME");
    }
    return {};
}

}  // namespace kvmkit::vm_run
