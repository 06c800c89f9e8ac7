// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of links, addresses, routes and VLANs, its refusals, and what a journal holds of them: no bytes
// may make a reader look beyond them, or crash.
#include "net/handover/packet.hpp"
#include "net/handover/snapshot.hpp"
#include "net/handover/words.hpp"
#include "net/netlink/internal/acknowledgement.hpp"
#include "net/netlink/internal/dump.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

void read_message(kvmkit::net::Network& network, std::string_view message)
{
    std::vector<std::uint32_t> aligned((message.size() + sizeof(std::uint32_t) - 1) / sizeof(std::uint32_t));
    std::memcpy(aligned.data(), message.data(), message.size());
    auto* const answer = reinterpret_cast<nlmsghdr*>(aligned.data());
    kvmkit::net::read_link(network, answer);
    kvmkit::net::read_address(network, answer);
    kvmkit::net::read_route(network, answer);
    kvmkit::net::read_vlans(network, answer);
    (void)kvmkit::net::read_acknowledgement(answer);
    const kvmkit::net::Packet packet{
        answer->nlmsg_type, answer->nlmsg_flags, std::string{message.substr(sizeof(nlmsghdr))}};
    (void)kvmkit::net::subject_of(packet);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view rest{reinterpret_cast<const char*>(data), size};
    (void)kvmkit::net::parse_snapshot(rest);
    kvmkit::net::Network network;
    while (rest.size() >= sizeof(nlmsghdr)) {
        nlmsghdr head{};
        std::memcpy(&head, rest.data(), sizeof(head));
        if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > rest.size()) {
            break;
        }
        read_message(network, rest.substr(0, head.nlmsg_len));
        rest.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), rest.size()));
    }
    return 0;
}
