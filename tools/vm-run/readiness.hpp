// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"
#include "virt/ready/signs.hpp"
#include "wait_options.hpp"

#include <filesystem>
#include <memory>
#include <optional>

namespace kvmkit::vm_run {

/// What a wait needs to know of its VM.
struct Waited {
    const virt::Connection& connection;
    const virt::Domain& domain;
    const Root& root;
    Runner& runner;
    std::filesystem::path folder = {};  ///< Where its known_hosts is, if it has one.
};

/// The sign that a wish stands for, with what it rests on.
class Readiness {
public:
    /// For everything but none, boot and off. ErrorCode::unsupported where this VM cannot show the sign.
    static Result<std::unique_ptr<Readiness>> watch(Wait wait, const Waited& vm);

    [[nodiscard]] virt::Sign& sign() noexcept { return *sign_; }
    /// The VM's address, where it was looked for and found.
    [[nodiscard]] std::optional<virt::Address> address() const;
    [[nodiscard]] std::optional<Deadline::Clock::time_point> address_found_at() const;

private:
    std::unique_ptr<virt::AddressSign> address_;
    std::unique_ptr<virt::Sign> other_;
    virt::Sign* sign_ = nullptr;
};

}  // namespace kvmkit::vm_run
