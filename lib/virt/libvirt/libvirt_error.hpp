// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace kvmkit::virt {

/// libvirt's last error on this thread as ours: "DOING: libvirt's text". Call it before any other libvirt function.
Error last_libvirt_error(std::string_view doing);

/// libvirt prints every error, and its embedded driver its log, on standard error; this stops both. Call it before the
/// first thread: it sets an environment variable unless the user did.
void silence_libvirt();

}  // namespace kvmkit::virt
