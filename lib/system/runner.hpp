// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/result.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// A program to run: by argv, never by a shell. It gets no terminal and a session of its own, and no standard input
/// unless told so, so that no prompt of it can wait for an answer.
struct ChildCommand {
    std::vector<std::string> argv;                                 ///< argv[0] is searched for in PATH.
    std::map<std::string, std::string> environment = {};           ///< Set in addition to this process's own.
    std::chrono::milliseconds timeout = std::chrono::seconds{60};  ///< Then the whole session is killed.
    std::function<void(std::string_view)> on_line = {};  ///< Called with each line of standard output as it comes.
    int input_fd = -1;                                   ///< Its standard input, still the caller's; -1: /dev/null.
    std::size_t most_out = any_size;  ///< What writes more to standard output is killed: ErrorCode::refused.
    std::function<void(std::string_view)> on_error_line = {};  ///< As on_line, of standard error.

    static constexpr std::size_t any_size = static_cast<std::size_t>(-1);
};

/// How a program ended.
struct Completed {
    int status = 0;  ///< Its exit code, or 128 + the number of the signal that ended it.
    std::string out;
    std::string err;
};

/// Runs programs. The one seam that tests replace, where the real program would change the machine.
class Runner {
public:
    Runner() = default;
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    virtual ~Runner() = default;

    /// Waits until the program ended. Error only if it could not be started (not_found: no such program), did not end
    /// in time (timeout) or wrote too much (refused); an exit code other than 0 is an answer.
    virtual Result<Completed> run(const ChildCommand& command) = 0;
};

/// Runs them for real.
class SystemRunner final : public Runner {
public:
    Result<Completed> run(const ChildCommand& command) override;
};

/// "apt-get -y install qemu-utils", quoted where a shell would need it: for messages and dry runs.
std::string shell_line(const std::vector<std::string>& argv);

}  // namespace kvmkit
