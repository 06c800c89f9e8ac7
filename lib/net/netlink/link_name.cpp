// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/link_name.hpp"

#include "net/netlink/internal/dump.hpp"
#include "net/netlink/internal/socket.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::net {

Result<std::optional<LinkName>> name_of_link(const std::string& text)
{
    auto socket = Socket::open(NETLINK_ROUTE);
    if (!socket) {
        return std::move(socket).error();
    }
    Message request{RTM_GETLINK, 0, ifinfomsg{}};
    request.put_number(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    request.put_text(text.size() <= max_link_name ? IFLA_IFNAME : IFLA_ALT_IFNAME, text);
    Network found;
    const auto refusal = socket->exchange(request, [&found](nlmsghdr* answer) { read_link(found, answer); });
    // Linux before 5.5 knows no other names, and no name is longer than 127 bytes.
    constexpr std::array none{ENODEV, EINVAL, ERANGE};
    if (refusal && std::ranges::find(none, refusal->errnum) == none.end()) {
        return to_error(*refusal, {Request::list, fmt::format("cannot look for link '{}'", text)});
    }
    return found.links.empty() ? std::nullopt : std::optional{found.links.front().name};
}

}  // namespace kvmkit::net
