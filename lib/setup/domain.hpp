// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/network_step.hpp"
#include "setup/package_manager.hpp"
#include "setup/service_control.hpp"
#include "setup/step.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// Where and with what steps are made.
struct Ground {
    Runner& runner;
    std::filesystem::path top = "/";  ///< The host's root directory; tests give a folder.
    PackageLimits limits = {};
    OnProgress on_progress = {};
    bool image = false;  ///< It is an image, entered: nothing runs in it.
};

/// The steps of host-setup for txn::execute. Every change of the host goes through here. Needs root.
class HostDomain {
public:
    using Step = setup::Step;

    explicit HostDomain(Ground ground) : ground_(std::move(ground)) {}

    static std::string describe(const Step& step) { return setup::describe(step); }
    static std::string encode(const Step& step) { return setup::encode(step); }
    static Result<Step> decode(std::string_view text) { return setup::decode(text); }

    Result<std::optional<Step>> inverse(const Step& step);
    Result<void> apply(const Step& step);

    /// From now on packages may go where others need it: those that would were named, and are allowed to.
    void allow_removals() noexcept { ground_.limits.may_remove = true; }

    /// What the last refresh of the package lists could not read, also where apt-get called that a success.
    [[nodiscard]] const std::vector<std::string>& update_problems() const noexcept { return update_problems_; }

private:
    struct Inverse;
    struct Apply;
    Result<Root> root() const { return Root::open(ground_.top); }
    /// Of the host as it is now.
    [[nodiscard]] std::unique_ptr<PackageManager> manager(const Root& root) const;
    ServiceControl services(const Root& root) { return {ground_.runner, root, ground_.image}; }
    NetworkHands network(const Root& root) { return {ground_.runner, root, ground_.top}; }
    Result<void> set_module(const std::string& name, std::vector<std::string> argv, std::string_view doing);
    Result<void> set_device(gid_t group, mode_t mode);
    Result<void> make_device();
    Result<void> account(const std::vector<std::string>& argv, const std::string& doing);
    Result<void> set_file(const SetFile& file);
    [[nodiscard]] Result<void> check_written() const;

    Ground ground_;
    std::vector<std::string> update_problems_;
    std::set<std::string> unwritten_;  ///< Files of which the last write failed: who reads them must wait.
};

}  // namespace kvmkit::setup
