// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/host.hpp"
#include "setup/package_manager.hpp"
#include "setup/step.hpp"
#include "setup/watched_files.hpp"
#include "system/machine.hpp"
#include "system/root.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// What was asked for, in the words of the command line.
struct SavedOrder {
    std::vector<std::string> components;
    bool tutorial = false;
    std::string user = {};  ///< Empty: nobody.
    std::string default_network = "auto";
    std::optional<std::string> mirror = {};
    bool security = false;
    bool repair = false;
    std::vector<std::string> allow_remove = {};
    std::string root_login = "prohibit-password";  ///< Of component ssh-root.
    std::string root_login_from = {};              ///< Empty: not given.
    std::string confirm_within = "120s";
};

/// What to do where a plan cannot be made any more.
inline constexpr const char* look_anew = "look at it anew, and save that: host-setup plan -o FILE";

/// One step of it.
struct SavedStep {
    std::string kind;
    std::string text;
    std::string sha256;  ///< Of all that the step is, bytes of files among it.

    bool operator==(const SavedStep&) const = default;
};

/// A plan that was looked at and is to be made later, with all that it depends on: it is made only on a host that is
/// still as it was.
struct SavedPlan {
    std::string version = {};  ///< Of the program.
    MachineMark host = {};
    std::string made = {};  ///< When, as iso_time().
    SavedOrder order = {};
    std::vector<SavedStep> steps = {};
    Sightings read = {};                            ///< Files.
    std::map<std::string, std::string> asked = {};  ///< What the kernel, systemd and the package manager answered.
    std::optional<std::map<std::string, std::string>> packages =
        {};                                ///< To be installed, with versions; absent: not known.
    std::vector<std::string> remove = {};  ///< Packages that would go.

    /// What a journal keeps of an application without a plan is the order alone.
    [[nodiscard]] bool looked_at() const { return !read.empty(); }
};

/// How far a plan has come on its host by runs that were killed or failed, and whose steps were taken back: the package
/// lists may be newer since, or packages be as such a run left them.
enum class Headway { none, lists, packages };

/// The steps in a form that can be compared.
std::vector<SavedStep> saved_steps(const std::vector<Step>& steps);

/// What of a host is not told by files that stay: services, /dev/kvm, addresses, versions that can be had.
std::map<std::string, std::string> answers_of(const Host& host);

/// Keeps what it would cost.
void keep_price(const std::optional<Price>& price, SavedPlan& plan);

/// A saved plan as the file has it (schema kvmkit.host-setup.saved-plan/1), and back. ErrorCode::usage: it is none.
std::string to_text(const SavedPlan& plan);
Result<SavedPlan> read_saved_plan(const std::string& text);

/// Refused: it is of another host, or another version of the program made it. An order without a look is not called a
/// plan: nobody saved one.
Result<void> check_origin(const SavedPlan& plan, const MachineMark& here, const std::string& version);

/// Whether all that dpkg was in the middle of are packages of the plan, so that its runs may have left them so.
bool left_by(const SavedPlan& plan, const PackageTable& packages);

/// Refused: the host is not as it was; each thing that is not, as it was and is. Of a plan whose packages were begun,
/// what these bring is no drift, and what is still to be made must be a part of it.
Result<void> check_drift(const SavedPlan& plan,
                         const Root& root,
                         const Host& host,
                         const std::vector<Step>& steps,
                         Headway headway = Headway::none);

/// Refused: it would cost something else by now; of a plan whose packages were begun, something more. Fine where the
/// price was not known.
Result<void> check_same_price(const SavedPlan& plan, const Price& price, Headway headway = Headway::none);

}  // namespace kvmkit::setup
