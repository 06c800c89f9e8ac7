// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/runner.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace kvmkit::testing {

/// Stands for the programs of a host. Knows what the test named, and fails the test on any other command line.
class FakeRunner final : public Runner {
public:
    /// Answers this command line, as shell_line() writes it, whenever it is run.
    void answer(const std::string& line, Completed completed) { answers_.push_back({line, std::move(completed)}); }

    Result<Completed> run(const ChildCommand& command) override
    {
        const auto line = shell_line(command.argv);
        ran_.push_back(line);
        const auto found = std::ranges::find(answers_, line, &Answer::line);
        if (found == answers_.end()) {
            ADD_FAILURE() << "nobody named this command line: " << line;
            return Error{ErrorCode::not_found, "cannot run '" + line + "'"};
        }
        environment_ = command.environment;
        return found->completed;
    }

    [[nodiscard]] const std::vector<std::string>& ran() const { return ran_; }

    /// Of the last command.
    [[nodiscard]] const std::map<std::string, std::string>& environment() const { return environment_; }

private:
    struct Answer {
        std::string line;
        Completed completed;
    };
    std::vector<Answer> answers_;
    std::vector<std::string> ran_;
    std::map<std::string, std::string> environment_;
};

}  // namespace kvmkit::testing
