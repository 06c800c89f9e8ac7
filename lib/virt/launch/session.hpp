// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "system/signals.hpp"
#include "virt/console/console.hpp"
#include "virt/launch/boot_watch.hpp"
#include "virt/libvirt/lifecycle.hpp"
#include "virt/ready/sign.hpp"

#include <functional>
#include <optional>
#include <string_view>

namespace kvmkit::virt {

/// What the time with a running guest is watched by.
struct Attachment {
    Console* console = nullptr;  ///< None: the guest is not heard.
    const LifecycleWatch& lifecycle;
    SignalWatch& signals;
    std::function<void(std::string_view)> on_output = {};  ///< Told what the guest prints.
    int input = -1;  ///< Keys typed here go to the guest, Ctrl-] leaves; -1: none.
};

/// Why a wait was over.
enum class Event { booted, reached, ended, panicked, timed_out, interrupted, left };

/// Waits for one guest on its console, libvirt's events, signals and the keyboard at once: no polling.
class Session {
public:
    Session(Attachment attachment, BootSign sign) : attachment_(std::move(attachment)), boot_(sign) {}

    /// Until the guest has booted, at most until the deadline.
    Event wait_for_boot(const Deadline& deadline);

    /// Until the sign is seen, at most until the deadline.
    Event wait_for(Sign& sign, const Deadline& deadline);

    /// Until the VM ends or the user does; has no deadline, because a foreground VM has none.
    Event wait_for_end();

    [[nodiscard]] const BootWatch& boot() const noexcept { return boot_; }

private:
    enum class Goal { boot, sign, end };
    std::optional<Event> look(Goal goal);
    void take_output();
    void drain();
    bool type();
    void sleep(const std::optional<Deadline>& deadline);

    Sign* sign_ = nullptr;  ///< What wait_for() waits for.
    Attachment attachment_;
    BootWatch boot_;
};

}  // namespace kvmkit::virt
