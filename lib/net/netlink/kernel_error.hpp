// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::net {

/// How the kernel, or the way to it, refused a request.
struct KernelRefusal {
    int errnum = 0;         ///< The errno as the kernel sent it, not libnl's rendering of it.
    std::string text = {};  ///< The kernel's own words (extended acknowledgement); empty where it has none.
    std::optional<std::uint32_t> offset = {};  ///< Of the attribute that it does not like, in bytes of the request.
};

/// The errno by which the kernel ends a list that it could not tell to its end, as the bytes of NLMSG_DONE say; 0: it
/// is whole. Pure.
int errno_at_the_end(std::string_view payload);

/// What was asked for: the same errno means different things for each.
enum class Request {
    list,
    create_link,
    delete_link,
    attach,
    release,
    change_link,
    set_options,
    set_vlans,
    add_address,
    remove_address,
    add_route,
    remove_route
};

/// What was tried, for the error: the request, "cannot create bridge 'br0'", and the kind of link that it is about.
struct Attempt {
    Request request = Request::list;
    std::string doing = {};
    std::string kind = {};
};

/// "cannot attach port 'br1' to 'br0': Can not enslave a bridge to a bridge (ELOOP)". The kernel's words come first;
/// where it has none, ours for that request; then the errno's name. Pure.
Error to_error(const KernelRefusal& refusal, const Attempt& attempt);

}  // namespace kvmkit::net
