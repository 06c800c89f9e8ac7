// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_fd.hpp"

namespace kvmkit::virt {

/// Wakes poll(2) in one thread from another one: an eventfd that is readable once raised, until lowered.
class Wake {
public:
    Wake();
    [[nodiscard]] bool ok() const noexcept { return static_cast<bool>(fd_); }
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    void raise() const noexcept;
    void lower() const noexcept;

private:
    UniqueFd fd_;
};

}  // namespace kvmkit::virt
