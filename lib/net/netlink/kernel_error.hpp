// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace kvmkit::net {

/// How the kernel, or the way to it, refused a request.
struct KernelRefusal {
    int errnum = 0;         ///< The errno as the kernel sent it, not libnl's rendering of it.
    std::string text = {};  ///< The kernel's own words (extended acknowledgement); empty where it has none.
};

/// What was asked for: the same errno means different things for each.
enum class Request { list, create_bridge, delete_link, attach, release, change_link, add_address, remove_address };

/// "cannot attach port 'br1' to 'br0': Can not enslave a bridge to a bridge (ELOOP)". The kernel's words come first;
/// where it has none, ours for that request; then the errno's name. Pure.
Error to_error(const KernelRefusal& refusal, Request request, std::string_view doing);

}  // namespace kvmkit::net
