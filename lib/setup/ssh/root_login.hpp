// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/step.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// How root may log in, and from where.
struct RootLoginWish {
    std::string value = "prohibit-password";  ///< By key only; or "yes".
    std::string from = {};                    ///< "192.0.2.0/24", "any"; empty: any, for keys only.
};

/// The wish, and for how long its change waits for a confirmation.
struct RootLoginOrder {
    RootLoginWish wish = {};
    std::chrono::milliseconds confirm_within = std::chrono::minutes{2};
};

/// What was done of it.
struct RootLoginDone {
    std::string transaction;  ///< Empty: nothing was to be done.
    std::vector<Step> steps;
    std::vector<std::string> notes;
};

/// Judges what was typed. ErrorCode::usage: another value; "yes" without an address range or "any"; no such range.
Result<RootLoginWish> parse_root_login(const std::string& value, const std::string& from);

/// What has to be done.
struct RootLoginPlan {
    std::vector<Step> steps;         ///< Empty: sshd answers so already.
    std::string now;                 ///< What it answers now; empty: nothing, before prepare_sshd().
    std::vector<std::string> notes;  ///< Why root would be refused all the same.
};

/// Looks at sshd and plans. Changes nothing. ErrorCode::not_found: there is no sshd; refused: no key of root's is in
/// place. Root.
Result<RootLoginPlan> plan_root_login(Runner& runner, const Root& root, const RootLoginWish& wish);

/// Keys in the text of an authorized_keys file.
struct AuthorizedKeys {
    unsigned plain = 0;   ///< Without a command of their own.
    unsigned forced = 0;  ///< They run one command and nothing else, as cloud-init has it for root.
};

AuthorizedKeys read_authorized_keys(std::string_view text);

/// The bytes of our drop-in.
std::string root_login_file(const RootLoginWish& wish);

/// An address of a range, or one that stands for any.
std::string address_in(const std::string& from);

/// sshd_config with our lines where they win in a file without Include: the text between our marks is replaced.
std::string with_root_login(std::string_view config, const RootLoginWish& wish);

constexpr const char* root_login_path = "etc/ssh/sshd_config.d/00-kvmkit-root-login.conf";

}  // namespace kvmkit::setup
