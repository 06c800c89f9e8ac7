// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// Something besides the console and libvirt's events that shows that a VM is ready.
class Sign {
public:
    Sign() = default;
    Sign(const Sign&) = delete;
    Sign& operator=(const Sign&) = delete;
    virtual ~Sign() = default;

    /// What wakes it, for poll(2), and how long it may go without a look.
    [[nodiscard]] virtual std::vector<int> fds() const { return {}; }
    [[nodiscard]] virtual std::chrono::milliseconds patience() const { return std::chrono::seconds{60}; }
    /// Told what the guest prints.
    virtual void hear(std::string_view /*console*/) {}
    /// Looks; does not block.
    virtual bool reached() = 0;
    /// Sentences: what was last seen, where it was not reached.
    virtual std::vector<std::string> evidence() { return {}; }
};

}  // namespace kvmkit::virt
