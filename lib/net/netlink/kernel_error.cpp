// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/kernel_error.hpp"

#include "net/netlink/link_kinds.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// Our sentence for an errno that comes without one.
struct Sentence {
    Request request;
    int errnum;
    std::string_view cause;
    std::string_view hint;
};

constexpr std::string_view beyond =
    "'ip -br address' lists the networks; where the router answers from beyond them, a state file says on-link: true";

constexpr std::array sentences{
    Sentence{Request::create_link, EEXIST, "a link of that name exists", "'net-setup show' lists the links"},
    Sentence{Request::create_link,
             EINVAL,
             "the kernel does not accept its name, its MAC or one of its settings",
             "ip -d link show"},
    Sentence{Request::delete_link, ENODEV, "it is gone already", ""},
    Sentence{Request::attach, EINVAL, "the kernel takes no such link as a port", "name a card, a veth or a tap"},
    Sentence{
        Request::attach, EBUSY, "something else sits on it already, such as a macvlan or a bond", "ip -d link show"},
    Sentence{Request::attach, ENODEV, "the port or the bridge is gone", "'net-setup show' lists the links"},
    Sentence{Request::attach, ELOOP, "a bridge cannot be a port of a bridge", "connect two bridges by a veth pair"},
    Sentence{Request::release, ENODEV, "the port is gone", ""},
    Sentence{Request::change_link, ENODEV, "it is gone", "'net-setup show' lists the links"},
    Sentence{Request::change_link, EINVAL, "the kernel does not accept this value", "ip -d link show"},
    Sentence{Request::change_link, ERANGE, "the value is out of the link's range", "ip -d link show"},
    Sentence{Request::add_address, EEXIST, "the link has this address already", ""},
    Sentence{Request::add_address, EACCES, "IPv6 is switched off on this link", "sysctl net.ipv6.conf"},
    Sentence{Request::add_address, ENODEV, "the link is gone", "'net-setup show' lists the links"},
    Sentence{Request::remove_address, EADDRNOTAVAIL, "the link does not have it", ""},
    Sentence{Request::set_options, EINVAL, "the kernel does not accept this value", "ip -d link show"},
    Sentence{Request::set_options, ERANGE, "the value is out of range", "ip -d link show"},
    Sentence{Request::set_vlans, ENOENT, "it does not belong to this VLAN", "bridge vlan show"},
    Sentence{Request::add_route, EEXIST, "another route to there has this metric", "ip route show table all"},
    Sentence{Request::add_route, ENETUNREACH, "no network of the link holds the gateway", beyond},
    Sentence{Request::add_route, EHOSTUNREACH, "no network of the link holds the gateway", beyond},
    Sentence{Request::add_route, ENETDOWN, "the link is off", "ip -br link"},
    Sentence{Request::remove_route, ESRCH, "there is no such route", "ip route show table all"},
};

std::string errno_name(int errnum)
{
    const char* name = ::strerrorname_np(errnum);
    return name != nullptr ? std::string{name} : fmt::format("errno {}", errnum);
}

std::string hint_for(const KernelRefusal& refusal, const Attempt& attempt)
{
    if (refusal.errnum == EPERM || refusal.errnum == EACCES) {
        return "changing links needs root (CAP_NET_ADMIN): sudo net-setup ...";
    }
    if (refusal.errnum != EOPNOTSUPP) {
        return {};
    }
    // An unknown kind of link has words of its own.
    const bool of_a_bridge = attempt.kind == "bridge" && refusal.text.empty();
    if (attempt.request == Request::set_vlans || of_a_bridge) {
        return "this kernel may be built without CONFIG_BRIDGE_VLAN_FILTERING";
    }
    if (const auto module = module_of(attempt.kind); attempt.request == Request::create_link && !module.empty()) {
        return fmt::format(
            "this kernel has no links of kind {0}, or its module is not loaded: modprobe {1}", attempt.kind, module);
    }
    if (attempt.request == Request::attach) {
        return "a Wi-Fi card in client mode cannot be a bridge port; use a cabled card";
    }
    return {};
}

}  // namespace

int errno_at_the_end(std::string_view payload)
{
    int told = 0;
    if (payload.size() >= sizeof(told)) {
        std::memcpy(&told, payload.data(), sizeof(told));
    }
    return told < 0 ? static_cast<int>(0U - static_cast<unsigned>(told)) : 0;
}

Error to_error(const KernelRefusal& refusal, const Attempt& attempt)
{
    const auto own = std::ranges::find_if(sentences, [&](const Sentence& sentence) {
        return sentence.request == attempt.request && sentence.errnum == refusal.errnum;
    });
    const bool known = own != sentences.end();
    std::string cause = refusal.text;
    if (cause.empty()) {
        cause = known ? std::string{own->cause} : std::generic_category().message(refusal.errnum);
    }
    auto hint = hint_for(refusal, attempt);
    if (known && hint.empty()) {
        hint = own->hint;
    }
    Error error = errno_error(refusal.errnum, attempt.doing, std::move(hint));
    error.message = fmt::format("{}: {} ({})", attempt.doing, cause, errno_name(refusal.errnum));
    return error;
}

}  // namespace kvmkit::net
