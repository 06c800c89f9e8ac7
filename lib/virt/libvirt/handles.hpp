// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

// libvirt's own names for its handles; declared here so that <libvirt/libvirt.h> stays in .cpp files.
struct _virConnect;  // NOLINT(bugprone-reserved-identifier)
struct _virDomain;   // NOLINT(bugprone-reserved-identifier)
struct _virStream;   // NOLINT(bugprone-reserved-identifier)

namespace kvmkit::virt {

/// Gives libvirt's objects back.
struct Release {
    void operator()(_virConnect* connection) const noexcept;
    void operator()(_virDomain* domain) const noexcept;
    void operator()(_virStream* stream) const noexcept;
};

using ConnectionHandle = std::unique_ptr<_virConnect, Release>;
using DomainHandle = std::unique_ptr<_virDomain, Release>;
using StreamHandle = std::unique_ptr<_virStream, Release>;

}  // namespace kvmkit::virt
