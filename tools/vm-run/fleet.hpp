// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "launcher.hpp"

#include <deque>
#include <mutex>
#include <sstream>
#include <thread>

namespace kvmkit::vm_run {

/// Several launches at once in one process: each in a thread with a journal of its own, so that one that fails undoes
/// itself and no other. At most eight make something at a time, one call each, on four connections at most: libvirtd
/// takes five calls at a time of each, and twenty together.
class Fleet {
public:
    /// Each of them for one VM; what is said of the launch as a whole is the same in all.
    Fleet(const std::vector<LaunchOptions>& wishes, const cli::Console& console)
        : wishes_(wishes), options_(wishes.front()), console_(console)
    {
    }
    Result<cli::ExitCode> run();

private:
    struct Member {
        const LaunchOptions& options;
        std::ostringstream out = {};
        std::ostringstream talk = {};
        std::unique_ptr<cli::Console> console = {};
        std::unique_ptr<Launcher> launcher = {};
        std::optional<cli::Json> record = std::nullopt;
        std::string outcome = {};
        std::optional<Result<cli::ExitCode>> end = std::nullopt;
        std::thread thread = {};
    };

    Result<void> start_helpers();
    Result<void> look_before();
    Result<void> connect(const std::string& uri);
    Result<void> look_at_libvirt();
    Result<void> choose_networks(const virt::Connection& connection);
    Result<void> pass_the_gate(const Root& root);
    void start_members();
    void launch(Member& member, std::size_t number);
    void watch();
    void judge_all();
    void undo_all();
    void print();
    void print_errors() const;
    void print_table() const;
    [[nodiscard]] cli::Json record() const;
    [[nodiscard]] cli::ExitCode exit_code() const;

    const std::vector<LaunchOptions>& wishes_;
    const LaunchOptions& options_;  ///< Of the first, for what is the same in all.
    const cli::Console& console_;
    txn::Places places_ = txn::default_places();
    Helpers helpers_;
    UniqueFd raised_;
    UniqueFd changed_;
    std::counting_semaphore<> turns_{8};
    std::mutex mutex_;  ///< Guards what members tell: record, outcome, end.
    Crew crew_;
    std::deque<Member> members_;
    bool interrupted_ = false;
    bool printed_ = false;
    std::vector<std::string> left_;
};

}  // namespace kvmkit::vm_run
