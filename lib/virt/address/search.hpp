// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/result.hpp"
#include "system/root.hpp"
#include "virt/address/tap.hpp"
#include "virt/address/wire.hpp"
#include "virt/libvirt/agent.hpp"
#include "virt/libvirt/connection.hpp"
#include "virt/spec/nic.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::virt {

/// Where a VM answers.
struct Address {
    std::string ip;
    std::uint16_t ssh_port = 22;
    std::string mac;
    std::string source;  ///< "lease", "agent", "neighbour", "wire", "forward"
};

/// Reads /proc/net/arp: the address of that card, if the host has talked to it lately. Pure.
std::optional<std::string> neighbour_in(std::string_view arp_table, std::string_view mac);

/// Looks for the address of a running VM in all places at once: libvirt's leases, the agent in the guest, the host's
/// neighbour table and the frames on the VM's own port. Never blocks but for one question to libvirt in a look.
class AddressSearch {
public:
    /// ErrorCode::unsupported where nothing can be found: no card, or one behind QEMU's NAT that no port leads to.
    static Result<std::unique_ptr<AddressSearch>> start(const Connection& connection, Domain domain, const Root& root);
    AddressSearch(const AddressSearch&) = delete;
    AddressSearch& operator=(const AddressSearch&) = delete;
    ~AddressSearch();

    /// What wakes it, for poll(2), and how long it may sleep: leases and the neighbour table send no events.
    [[nodiscard]] std::vector<int> fds() const;
    [[nodiscard]] static std::chrono::milliseconds patience() { return std::chrono::milliseconds{250}; }

    /// Takes what came, asks who sends no events, and tells the address if there is one.
    std::optional<Address> look();

    /// Whether the guest agent is still to answer.
    [[nodiscard]] bool agent_is_asked() const;

    /// How far each card came, in sentences, and why a place could not be looked at.
    [[nodiscard]] std::vector<std::string> last_seen();

private:
    struct Agent;
    AddressSearch(const Connection& connection, Domain domain, const Root& root);
    void listen();
    std::optional<Address> by_lease();
    std::optional<Address> by_agent();
    std::optional<Address> by_neighbours();
    std::optional<Address> by_wire();
    [[nodiscard]] bool has(const std::string& mac) const;
    void learn_other_ids();
    std::string owner_of(const std::string& mac) const;

    const Connection& connection_;
    Domain domain_;
    const Root& root_;
    std::vector<LiveNic> nics_;
    std::vector<TapListener> taps_;
    std::vector<Wire> wires_;  ///< One for each tap.
    std::vector<std::string> deaf_;
    std::optional<AgentWatch> watch_;
    std::unique_ptr<Agent> agent_;
    std::optional<Deadline> quiet_;  ///< Until then, nobody is asked again.
};

/// Waits for the address until the deadline; ErrorCode::timeout tells what was last seen, ErrorCode::interrupted comes
/// when `interrupted` says so.
Result<Address> find_address(AddressSearch& search,
                             const Deadline& deadline,
                             const std::function<bool()>& interrupted = {});

}  // namespace kvmkit::virt
