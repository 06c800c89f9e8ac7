// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_fd.hpp"
#include "virt/console/console.hpp"
#include "virt/console/device_lock.hpp"

#include <filesystem>

namespace kvmkit::virt {

/// A pseudo-terminal whose other end QEMU holds.
struct Terminal {
    std::filesystem::path path;  ///< Where this process reaches it.
    std::string device;          ///< By the name that others lock it by: "/dev/pts/3".
};

/// A console read from its terminal, without libvirt. No thread of its own: the kernel keeps what was not taken.
class TerminalConsole final : public Console {
public:
    /// Needs the right to open the terminal (root, or the user that QEMU runs as). busy: another process has locked it.
    /// unsupported: there is no terminal of that number at the path. `doing` begins each error.
    static Result<std::unique_ptr<TerminalConsole>> open(const Terminal& terminal, std::string_view doing);

    [[nodiscard]] int fd() const noexcept override { return events_.get(); }
    [[nodiscard]] std::string take() override;
    [[nodiscard]] bool ended() const override { return ended_; }
    void send(std::string_view bytes) override;

private:
    TerminalConsole(DeviceLock lock, UniqueFd terminal, UniqueFd events)
        : lock_(std::move(lock)), terminal_(std::move(terminal)), events_(std::move(events))
    {
    }
    void transmit();

    DeviceLock lock_;
    UniqueFd terminal_;
    UniqueFd events_;  ///< An epoll(7) of the terminal: also readable while there is room for what is to be sent.
    std::string to_guest_;
    bool ended_ = false;
};

}  // namespace kvmkit::virt
