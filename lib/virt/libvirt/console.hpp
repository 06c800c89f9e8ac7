// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/libvirt/connection.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace kvmkit::virt {

/// The serial console of one VM. Opened while the VM is paused it misses nothing. What the guest prints is collected by
/// the event loop's thread, at most a megabyte ahead; the members belong to one other thread.
class Console {
public:
    static Result<Console> open(const Connection& connection, const Domain& domain);
    Console(Console&&) noexcept = default;
    Console& operator=(Console&&) noexcept;
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;
    ~Console();

    /// Readable when take() has something, or the stream has ended: for poll(2).
    [[nodiscard]] int fd() const noexcept;
    /// Everything that came since the last call.
    [[nodiscard]] std::string take();
    /// The stream is at its end and everything was taken.
    [[nodiscard]] bool ended() const;
    /// Types into the console; what the guest does not read at once is kept and sent later.
    void send(std::string_view bytes);

private:
    struct Pipe;
    Console(StreamHandle stream, std::shared_ptr<Pipe> pipe);
    void close() noexcept;
    StreamHandle stream_;
    bool driver_is_inside_ = false;  ///< The embedded driver: its threads are ours.
    std::shared_ptr<Pipe> pipe_;
};

}  // namespace kvmkit::virt
