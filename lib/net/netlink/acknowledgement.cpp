// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/acknowledgement.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <array>

namespace kvmkit::net {

KernelRefusal read_acknowledgement(nlmsghdr* answer)
{
    auto* const error = static_cast<nlmsgerr*>(nlmsg_data(answer));
    KernelRefusal refusal{-error->error};
    if ((answer->nlmsg_flags & NLM_F_ACK_TLVS) == 0) {
        return refusal;
    }
    // The kernel's words stand in attributes behind the error; the request's payload may stand between.
    std::size_t skip = sizeof(nlmsgerr);
    if ((answer->nlmsg_flags & NLM_F_CAPPED) == 0) {
        skip += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(nlmsghdr);
    }
    std::array<nlattr*, NLMSGERR_ATTR_MAX + 1> attributes{};
    if (nlmsg_parse(answer, static_cast<int>(skip), attributes.data(), NLMSGERR_ATTR_MAX, nullptr) < 0) {
        return refusal;
    }
    if (const nlattr* const words = attributes[NLMSGERR_ATTR_MSG]) {
        refusal.text = nla_get_string(words);
    }
    if (const nlattr* const offset = attributes[NLMSGERR_ATTR_OFFS]) {
        refusal.offset = nla_get_u32(offset);
    }
    return refusal;
}

}  // namespace kvmkit::net
