// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/acknowledgement.hpp"

#include "net/netlink/internal/attributes.hpp"

#include <netlink/msg.h>

#include <array>
#include <cerrno>

namespace kvmkit::net {

KernelRefusal read_acknowledgement(nlmsghdr* answer)
{
    if (nlmsg_datalen(answer) < static_cast<int>(sizeof(nlmsgerr))) {
        return {EBADMSG};
    }
    auto* const error = static_cast<nlmsgerr*>(nlmsg_data(answer));
    KernelRefusal refusal{static_cast<int>(0U - static_cast<unsigned>(error->error))};
    if ((answer->nlmsg_flags & NLM_F_ACK_TLVS) == 0) {
        return refusal;
    }
    // The kernel's words stand in attributes behind the error; the request's payload may stand between.
    std::size_t skip = sizeof(nlmsgerr);
    if ((answer->nlmsg_flags & NLM_F_CAPPED) == 0) {
        skip += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(nlmsghdr);
    }
    std::array<nlattr*, NLMSGERR_ATTR_MAX + 1> attributes{};
    if (skip > static_cast<std::size_t>(nlmsg_datalen(answer)) ||
        nlmsg_parse(answer, static_cast<int>(skip), attributes.data(), NLMSGERR_ATTR_MAX, nullptr) < 0) {
        return refusal;
    }
    refusal.text = text_of(attributes[NLMSGERR_ATTR_MSG]);
    if (const nlattr* const offset = attributes[NLMSGERR_ATTR_OFFS]) {
        refusal.offset = number_or(offset, 0);
    }
    return refusal;
}

}  // namespace kvmkit::net
