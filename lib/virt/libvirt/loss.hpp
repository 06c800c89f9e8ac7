// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/libvirt/handles.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace kvmkit::virt {

/// Tells any number of listeners that a connection broke; libvirt itself tells one. Drivers inside this process cannot
/// be lost, and tell nobody.
class Loss {
public:
    /// Called from the event loop's thread, which must not be held up.
    using Listener = std::function<void()>;

    /// Listens until it is dropped. Holds the connection open.
    class Ear {
    public:
        Ear(std::shared_ptr<Loss> loss, _virConnect* connection, Listener listener);
        Ear(Ear&&) noexcept = default;
        Ear& operator=(Ear&&) = delete;
        Ear(const Ear&) = delete;
        Ear& operator=(const Ear&) = delete;
        ~Ear();

    private:
        std::shared_ptr<Loss> loss_;
        _virConnect* connection_;
        int number_ = 0;
    };

private:
    int add(_virConnect* connection, Listener listener);
    void remove(_virConnect* connection, int number);
    static void on_close(_virConnect* connection, int reason, void* data);

    std::mutex asking_;  ///< Held while libvirt is asked, which on_close() must not wait for.
    std::mutex mutex_;   ///< Guards the listeners.
    std::map<int, Listener> listeners_;
    int next_ = 0;
    bool registered_ = false;
};

}  // namespace kvmkit::virt
