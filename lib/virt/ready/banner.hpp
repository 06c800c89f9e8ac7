// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/unique_fd.hpp"
#include "system/runner.hpp"
#include "virt/address/search.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::virt {

/// Calls a port again and again, without blocking, until an SSH server greets there. A call is not waited for alone:
/// one that was made before the guest's network was up is taken by QEMU's own NAT, or lost on the wire, and answered
/// seconds late.
class BannerProbe {
public:
    /// One step: calls, looks whether calls were answered, reads greetings.
    void look(const Address& address);

    [[nodiscard]] const std::optional<std::string>& banner() const noexcept { return banner_; }
    /// Calls that were taken: readable once somebody greets or hangs up.
    [[nodiscard]] std::vector<int> fds() const;
    /// Why the last call came to nothing; empty: none failed yet.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

private:
    struct Call {
        UniqueFd socket;
        Deadline limit;
        bool taken = false;
        std::string greeting = {};
    };
    void call(const Address& address);
    bool goes_on(Call& call);
    bool is_taken(Call& call);
    bool reads_on(Call& call);
    bool failed(std::string why);

    std::vector<Call> calls_;
    std::optional<std::string> banner_;
    std::string problem_;
    std::optional<Deadline> pause_;  ///< Until then, no further call.
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
