// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <memory>

namespace kvmkit::virt {

/// Frees what libvirt hands over to its caller.
struct FreeMemory {
    void operator()(void* memory) const noexcept { std::free(memory); }  // NOLINT: libvirt allocates with malloc
};

/// A text of libvirt's; null where it gave none.
using OwnedText = std::unique_ptr<char, FreeMemory>;

}  // namespace kvmkit::virt
