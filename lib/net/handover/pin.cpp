// SPDX-License-Identifier: Apache-2.0
#include "net/handover/pin.hpp"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr std::chrono::seconds patience{3};

/// A bridge that has just lost its last port counts as running for up to a second, until the kernel has told everybody;
/// it then forgets the link's proxy neighbours.
bool runs(unsigned flags)
{
    constexpr unsigned both = IFF_RUNNING | IFF_LOWER_UP;
    return (flags & both) == both;
}

/// Names that no two bridges share; of at most 15 bytes.
std::string plug_name(const Holder& bridge)
{
    return fmt::format("kvmkit-{:x}", bridge.index);
}
std::string far_end_name(const Holder& bridge)
{
    return fmt::format("kvmkit.{:x}", bridge.index);
}

/// A link as one look saw it.
struct Seen {
    int index = 0;
    unsigned flags = 0;
    std::uint32_t master = 0;
    std::uint32_t mtu = 0;
    bool carrier = false;
    std::chrono::milliseconds silence{0};  ///< Of a new port of a bridge: until its spanning tree lets it forward.
};

/// From IFLA_LINKINFO. A link of another kind has other attributes of these numbers.
std::chrono::milliseconds silence_in(std::string_view info)
{
    const auto settings = attribute_in(info, IFLA_INFO_DATA);
    const auto setting = [&settings](std::uint16_t type) {
        std::uint32_t value = 0;
        const auto bytes = settings ? attribute_in(*settings, type) : std::nullopt;
        if (bytes && bytes->size() == sizeof(value)) {
            std::memcpy(&value, bytes->data(), sizeof(value));
        }
        return value;
    };
    const auto kind = attribute_in(info, IFLA_INFO_KIND).value_or("");
    const bool silent = kind.starts_with("bridge") && setting(IFLA_BR_STP_STATE) != 0;
    constexpr int milliseconds_per_tick = 10;
    return std::chrono::milliseconds{silent ? 2 * milliseconds_per_tick * setting(IFLA_BR_FORWARD_DELAY) : 0};
}

Result<std::optional<Seen>> look(Channel& channel, const std::string& name)
{
    const auto links = channel.list(make_packet(RTM_GETLINK, 0, ifinfomsg{}));
    if (!links) {
        return links.error();
    }
    for (const Packet& told : *links) {
        if (text(told, IFLA_IFNAME) == name) {
            const auto head = header_of<ifinfomsg>(told);
            return std::optional{Seen{head.ifi_index,
                                      head.ifi_flags,
                                      number(told, IFLA_MASTER).value_or(0),
                                      number(told, IFLA_MTU).value_or(0),
                                      attribute(told, IFLA_CARRIER) == std::string_view{"\1"},
                                      silence_in(attribute(told, IFLA_LINKINFO).value_or(""))}};
        }
    }
    return std::optional<Seen>{};
}

Order veth_order(const Holder& bridge, std::uint32_t mtu)
{
    Packet packet = make_packet(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
    put_text(packet, IFLA_IFNAME, plug_name(bridge));
    put_number(packet, IFLA_MTU, mtu);
    put_number(packet, IFLA_MASTER, static_cast<std::uint32_t>(bridge.index));
    put_nest(packet, IFLA_LINKINFO, [&](Packet& info) {
        put_text(info, IFLA_INFO_KIND, "veth");
        put_nest(info, IFLA_INFO_DATA, [&](Packet& data) {
            put_nest(data, VETH_INFO_PEER, [&](Packet& peer) {
                const ifinfomsg head{};
                peer.payload.append(reinterpret_cast<const char*>(&head), sizeof(head));
                put_text(peer, IFLA_IFNAME, far_end_name(bridge));
                put_number(peer, IFLA_MTU, mtu);
            });
        });
    });
    return {std::move(packet), {}, fmt::format("cannot give bridge '{}' a carrier", bridge.name)};
}

Order up_order(int index, std::string doing)
{
    ifinfomsg head{};
    head.ifi_index = index;
    head.ifi_flags = IFF_UP;
    head.ifi_change = IFF_UP;
    return {make_packet(RTM_SETLINK, 0, head), {}, std::move(doing)};
}

void remove_link(Channel& channel, int index)
{
    ifinfomsg head{};
    head.ifi_index = index;
    const Order order{make_packet(RTM_DELLINK, 0, head)};
    (void)channel.send({&order, 1});
}

/// Whether one datagram of events says that a link runs.
bool says_running(std::string_view datagram, int index)
{
    while (datagram.size() >= NLMSG_HDRLEN + sizeof(ifinfomsg)) {
        nlmsghdr head{};
        std::memcpy(&head, datagram.data(), sizeof(head));
        if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > datagram.size()) {
            return false;
        }
        ifinfomsg link{};
        std::memcpy(&link, datagram.data() + NLMSG_HDRLEN, sizeof(link));
        if (head.nlmsg_type == RTM_NEWLINK && link.ifi_index == index && runs(link.ifi_flags)) {
            return true;
        }
        datagram.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), datagram.size()));
    }
    return false;
}

Result<void> wait_until_it_runs(int events, const Holder& bridge, std::chrono::milliseconds longest = patience)
{
    const auto deadline = Deadline::after(longest);
    std::array<char, 32768> buffer{};
    while (!deadline.passed()) {
        pollfd waiting{events, POLLIN, 0};
        if (::poll(&waiting, 1, static_cast<int>(deadline.left().count())) <= 0) {
            continue;
        }
        const ssize_t size = ::recv(events, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size > 0 && says_running({buffer.data(), static_cast<std::size_t>(size)}, bridge.index)) {
            return {};
        }
    }
    return Error{ErrorCode::timeout, fmt::format("cannot hand over to bridge '{}': it does not come up", bridge.name)};
}

}  // namespace

void set_generation_mode(Channel& channel, int index, std::uint8_t mode)
{
    ifinfomsg head{};
    head.ifi_index = index;
    Packet packet = make_packet(RTM_SETLINK, 0, head);
    put_nest(packet, IFLA_AF_SPEC, [mode](Packet& families) {
        put_nest(families, AF_INET6, [mode](Packet& inet6) {
            put(inet6, IFLA_INET6_ADDR_GEN_MODE, {reinterpret_cast<const char*>(&mode), 1});
        });
    });
    const Order order{std::move(packet)};
    (void)channel.send({&order, 1});
}

Result<void> switch_on(Channel& channel, const Holder& link)
{
    const Order order = up_order(link.index, fmt::format("cannot switch link '{}' up", link.name));
    return channel.send({&order, 1});
}

void wait_until_settled(Channel& channel, const Holder& card)
{
    const auto events = Channel::link_events();
    const auto now = look(channel, card.name);
    if (!events || !now || !*now) {
        return;
    }
    const bool waits = ((*now)->flags & IFF_UP) != 0 && (*now)->carrier && !runs((*now)->flags);
    if (waits) {
        (void)wait_until_it_runs(events->get(), card);
    }
}

Result<Pin> Pin::hold(Channel& channel, const Holder& bridge)
{
    return make(channel, bridge, Already::enough);
}

Result<Pin> Pin::plug_in(Channel& channel, const Holder& bridge)
{
    return make(channel, bridge, Already::not_enough);
}

std::array<std::string, 2> Pin::ends(const Holder& bridge)
{
    return {plug_name(bridge), far_end_name(bridge)};
}

Result<Pin> Pin::make(Channel& channel, const Holder& bridge, Already running)
{
    remove_left_over(channel, bridge);
    const auto events = Channel::link_events();
    const auto now = look(channel, bridge.name);
    if (!events || !now) {
        return !events ? events.error() : now.error();
    }
    const bool runs_already = *now && runs((*now)->flags);
    if (!*now || (runs_already && running == Already::enough)) {
        return Pin{channel, 0};
    }
    const Order veth = veth_order(bridge, (*now)->mtu);
    if (auto made = channel.send({&veth, 1}); !made) {
        return std::move(made).error();
    }
    const auto plug = look(channel, plug_name(bridge));
    const auto far_end = look(channel, far_end_name(bridge));
    if (!plug || !*plug || !far_end || !*far_end) {
        return Error{ErrorCode::external, fmt::format("cannot give bridge '{}' a carrier: it is gone", bridge.name)};
    }
    Pin pin{channel, (*plug)->index};
    constexpr std::uint8_t none = IN6_ADDR_GEN_MODE_NONE;
    std::vector<Order> orders;
    for (const int index : {(*far_end)->index, (*plug)->index}) {
        set_generation_mode(channel, index, none);
        orders.push_back(up_order(index, veth.doing));
    }
    if (auto up = channel.send(orders); !up) {
        return std::move(up).error();
    }
    const auto longest = patience + (*now)->silence;
    if (auto ready = runs_already ? Result<void>{} : wait_until_it_runs(events->get(), bridge, longest); !ready) {
        return std::move(ready).error();
    }
    return pin;
}

Pin::~Pin()
{
    if (index_ != 0) {
        remove_link(channel_, index_);
    }
}

void Pin::remove_left_over(Channel& channel, const Holder& bridge)
{
    const auto plug = look(channel, plug_name(bridge));
    if (plug && *plug && (*plug)->master == static_cast<std::uint32_t>(bridge.index)) {
        remove_link(channel, (*plug)->index);
    }
}

}  // namespace kvmkit::net
