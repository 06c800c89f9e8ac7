// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/json.hpp"
#include "cli/tool.hpp"
#include "net/change.hpp"
#include "net/persist/keeping.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::net_setup {

/// Adds --persist.
void declare_keeping(cli::po::options_description_easy_init& add);

/// All that --persist and --manager take.
std::vector<std::string> manager_words();

/// The manager of that word; absent: whoever owns the card. `option` stands in the error.
Result<std::optional<net::Manager>> read_manager(std::string_view option, const std::string& text);

/// This host. The unit of our own runs the very program that wrote it.
net::PersistHost this_host();

/// Keeps one change through a reboot, as --persist says: what it found out on the way.
class Keep {
public:
    /// ErrorCode::usage: an unknown manager, or --netns beside it. `links` are kept beside those that the plan changes.
    static Result<Keep> read(const cli::Arguments& arguments, std::vector<net::LinkName> links);

    /// Whether the network to come can be kept; part of keeper(), and all of it in a dry run.
    Result<void> foresee(const net::Network& now, const net::Plan& plan);

    /// For the change. Both it and the console must outlive the change.
    net::Keeper keeper(const cli::Console& console);

    /// Whether --persist asks for files, of links that are named.
    [[nodiscard]] bool is_asked_for() const { return choice_ == Choice::wanted && !links_.empty(); }

    /// Where the links are as wanted already: writes what is missing. Takes the locks.
    Result<void> without_change(const net::Network& network, const cli::Console& console);

    /// Of a change that was made, or of none; in a dry run what is foreseen. Absent: nothing was to be kept.
    [[nodiscard]] std::optional<net::Keeping> outcome(const std::string& transaction) const;

    /// "net-setup persist br0": what keeps a change that is not kept; empty where the operator said none.
    [[nodiscard]] std::string advice(const net::Plan& plan) const;

private:
    enum class Choice { unsaid, none, wanted };
    Keep(Choice choice, std::string command, std::vector<net::LinkName> links);

    [[nodiscard]] net::PersistRun run(const cli::Console& console) const;

    Choice choice_;
    std::optional<net::Manager> manager_;
    std::string command_;
    std::vector<net::LinkName> links_;
    std::vector<net::LinkName> worth_keeping_;  ///< Those of the change that are there after it.
    bool elsewhere_ = false;                    ///< In another network namespace: no file is about it.
    net::KeepWish wish_;                        ///< Once it is known.
    std::optional<net::Keeping> at_once_;
};

/// What is, or was, to be kept of a change; absent: nothing.
std::optional<net::Keeping> keeping_of(const std::string& transaction);

/// Before a change of the links is undone: takes back all files that were written for it, and since. Refused, and
/// nothing is touched, where somebody changed one of them.
Result<void> take_back_files(const std::string& change, const std::vector<net::LinkName>& links);

/// Files, proof and doubts as people read them. Changes that could not be kept say so.
void print_keeping(const net::Keeping& keeping, const cli::Console& console);

/// The same as records carry it: null where nothing was to be kept.
cli::Json keeping_record(const std::optional<net::Keeping>& keeping);

}  // namespace kvmkit::net_setup
