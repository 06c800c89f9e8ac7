// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/names.hpp"
#include "net/nm/bus.hpp"

#include <chrono>
#include <optional>

namespace kvmkit::net {

/// NetworkManager as it runs now, asked over D-Bus.
class NetworkManager {
public:
    /// Absent: it does not run, or it looks after another network namespace than this thread's.
    static std::optional<NetworkManager> reach();

    /// Whether it has a hand in what the link is: not where it only looks on, and not where it does not know it.
    [[nodiscard]] bool acts_on(const LinkName& link) const;
    /// Whether it knows the link: it learns of new ones with a delay.
    [[nodiscard]] bool knows(const LinkName& link) const { return device(link).has_value(); }
    /// Whether the link is what the profile of that UUID says, and it has got done with it.
    [[nodiscard]] bool has_made(const LinkName& link, const std::string& uuid) const;

    /// Whether it has made of the link what one of its profiles says.
    [[nodiscard]] bool is_done_with(const LinkName& link) const;
    /// Whether it could take the link up, and does not.
    [[nodiscard]] bool is_idle(const LinkName& link) const;

    /// Has it leave the link as it is, addresses and all, and take it up again: then it makes of it what its profiles
    /// say, which changes nothing where they say what the link is. Nothing where it does not know the link. Lasts until
    /// the next boot.
    [[nodiscard]] Result<void> set_managed(const LinkName& link, bool managed) const;

    /// Has it read all profiles anew. Links stay as they are.
    [[nodiscard]] Result<void> reload_profiles() const;

    /// Has it note what all its devices are, and returns the note's name. Unless that is dropped in time, it makes them
    /// so again, frees ports of ours among them, and takes addresses off all that came since.
    [[nodiscard]] Result<std::string> take_checkpoint(std::chrono::seconds timeout) const;
    /// So much longer from now on; needs NetworkManager 1.12.
    [[nodiscard]] Result<void> put_off(const std::string& checkpoint, std::chrono::seconds timeout) const;
    /// ErrorCode::invalid, of put_off() too: there is no such checkpoint any more.
    [[nodiscard]] Result<void> drop(const std::string& checkpoint, std::chrono::milliseconds patience) const;
    [[nodiscard]] Result<void> roll_back_to(const std::string& checkpoint) const;

    /// The process that it is now: what it noted is forgotten with that.
    [[nodiscard]] Result<pid_t> process() const { return bus_.service_process(); }

    /// Makes the profile of that UUID the link's, and returns once it is: ErrorCode::timeout, external.
    [[nodiscard]] Result<void> activate(const std::string& uuid, std::chrono::milliseconds patience) const;

private:
    explicit NetworkManager(Bus bus) : bus_(std::move(bus)) {}
    [[nodiscard]] std::optional<std::string> device(const LinkName& link) const;
    [[nodiscard]] bool is_in_state(const LinkName& link, unsigned state) const;

    Bus bus_;
};

}  // namespace kvmkit::net
