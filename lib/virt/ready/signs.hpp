// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/address/search.hpp"
#include "virt/libvirt/agent.hpp"
#include "virt/ready/banner.hpp"
#include "virt/ready/sign.hpp"

#include <memory>
#include <optional>
#include <string>

namespace kvmkit::virt {

/// The VM has an address.
class AddressSign final : public Sign {
public:
    explicit AddressSign(std::unique_ptr<AddressSearch> search) : search_(std::move(search)) {}
    [[nodiscard]] std::vector<int> fds() const override { return search_->fds(); }
    [[nodiscard]] std::chrono::milliseconds patience() const override { return AddressSearch::patience(); }
    bool reached() override;
    std::vector<std::string> evidence() override;
    [[nodiscard]] const std::optional<Address>& address() const noexcept { return address_; }
    [[nodiscard]] std::optional<Deadline::Clock::time_point> found_at() const noexcept { return found_at_; }

private:
    std::unique_ptr<AddressSearch> search_;
    std::optional<Address> address_;
    std::optional<Deadline::Clock::time_point> found_at_;
};

/// The guest agent has opened its port.
class AgentSign final : public Sign {
public:
    explicit AgentSign(AgentWatch watch) : watch_(std::move(watch)) {}
    [[nodiscard]] std::vector<int> fds() const override { return {watch_.fd()}; }
    bool reached() override { return watch_.connected(); }
    std::vector<std::string> evidence() override;

private:
    AgentWatch watch_;
};

/// An SSH server greets at the VM's address, with the VM's own host key where that is known.
class SshSign final : public Sign {
public:
    SshSign(AddressSign& address, HostKeyCheck check) : address_(address), check_(std::move(check)) {}
    [[nodiscard]] std::vector<int> fds() const override;
    [[nodiscard]] std::chrono::milliseconds patience() const override;
    bool reached() override;
    std::vector<std::string> evidence() override;

private:
    AddressSign& address_;
    HostKeyCheck check_;
    BannerProbe probe_;
    std::optional<bool> known_;  ///< Whether the server showed the host key that the VM was given.
};

/// cloud-init says on the console that it has finished.
class CloudInitSign final : public Sign {
public:
    void hear(std::string_view console) override;
    bool reached() override { return finished_; }
    std::vector<std::string> evidence() override;

private:
    std::string line_;
    std::string last_;  ///< The last line of cloud-init's.
    bool finished_ = false;
};

}  // namespace kvmkit::virt
