// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/unique_fd.hpp"
#include "system/runner.hpp"
#include "virt/address/search.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace kvmkit::virt {

/// Calls a port again and again, without blocking, until an SSH server greets there.
class BannerProbe {
public:
    /// One step: calls, looks whether the call was answered, reads the greeting.
    void look(const Address& address);

    [[nodiscard]] const std::optional<std::string>& banner() const noexcept { return banner_; }
    /// What wakes it: the call that is under way, or -1.
    [[nodiscard]] int fd() const noexcept { return socket_.get(); }
    /// What poll(2) is to wait for on it.
    [[nodiscard]] bool calling() const noexcept { return calling_; }
    /// Why the last call came to nothing; empty: none failed yet.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

private:
    void call(const Address& address);
    void take_call();
    void read_greeting();
    void give_up(std::string why);

    UniqueFd socket_;
    bool calling_ = false;
    std::string greeting_;
    std::optional<std::string> banner_;
    std::string problem_;
    std::optional<Deadline> pause_;  ///< Until then, no further call.
    std::optional<Deadline> limit_;  ///< Of the call that is under way.
};

/// The known_hosts file of a VM, if it has one; the program that asks a server for its key.
struct HostKeyCheck {
    std::filesystem::path known_hosts = {};
    Runner* runner = nullptr;
};

/// Whether the server shows a key of the file; true where there is no file. Runs ssh-keyscan, a few seconds at most.
bool shows_known_key(const HostKeyCheck& check, const Address& address);

/// Whether a line that ssh-keyscan printed carries a key of a known_hosts file, under whatever name. Pure.
bool has_known_key(std::string_view scanned, std::string_view known_hosts);

}  // namespace kvmkit::virt
