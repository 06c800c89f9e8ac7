// SPDX-License-Identifier: Apache-2.0
#include "net/persist/prove_state.hpp"

#include "base/text.hpp"
#include "net/planner/state_plan.hpp"
#include "net/state/state_file.hpp"

#include <fmt/format.h>

namespace kvmkit::net {

std::vector<std::string> doubts_about_state(const std::string& state, const Network& network)
{
    std::vector<std::string> doubts;
    for (const std::string_view line : lines(state)) {
        if (line.starts_with("# ")) {
            doubts.emplace_back(line.substr(2));
        }
    }
    const auto reading = read_state("the state file", state);
    if (!reading.mistakes.empty()) {
        doubts.push_back("the state file cannot be read back: " + reading.mistakes.list().front().message);
        return doubts;
    }
    const auto drafted = plan_state(network, reading.file.wanted, Birthmark{MacAddress{{}}, 1});
    if (drafted.complaint) {
        doubts.push_back("the state file cannot be applied: " + drafted.complaint->error.message);
    }
    for (const Step& step : drafted.plan) {
        doubts.push_back(fmt::format("the state file differs from the network as it is: {}", describe(step.action)));
    }
    return doubts;
}

}  // namespace kvmkit::net
