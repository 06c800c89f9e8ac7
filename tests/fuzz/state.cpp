// SPDX-License-Identifier: Apache-2.0
// State files, and what is said of their mistakes. What was read without one is planned on an empty network.
#include "net/planner/state_plan.hpp"
#include "net/state/state_file.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto reading = kvmkit::net::read_state("file", text);
    for (const kvmkit::net::Mistake& mistake : reading.mistakes.list()) {
        if (mistake.message.empty() || kvmkit::net::pointed_at(reading.file, mistake).empty()) {
            std::abort();
        }
    }
    if (!reading.mistakes.empty()) {
        return 0;
    }
    const kvmkit::net::Birthmark birthmark{kvmkit::net::MacAddress{{2, 0, 0, 0, 0, 1}}, 7};
    const auto drafted = kvmkit::net::plan_state({}, reading.file.wanted, birthmark);
    if (drafted.complaint) {
        (void)kvmkit::net::pointed_at(reading.file, drafted.complaint->at, drafted.complaint->error.message);
    }
    return 0;
}
