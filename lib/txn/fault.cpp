// SPDX-License-Identifier: Apache-2.0
#include "txn/fault.hpp"

#ifdef KVMKIT_FAULT_HOOKS

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace kvmkit::txn {
namespace {

std::string_view name_of(Moment moment)
{
    switch (moment) {
        case Moment::before: return "before";
        case Moment::after: return "after";
        case Moment::undo: return "undo";
        case Moment::request: return "request";
    }
    return "";
}

std::string_view the_order()
{
    const char* wanted = std::getenv("KVMKIT_FAULT");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    return wanted == nullptr ? "" : wanted;
}

Result<void> obey(const std::string& here)
{
    const auto order = the_order();
    if (order == "fail:" + here) {
        return Error{ErrorCode::external, fmt::format("fault hook: {}", here)};
    }
    if (order == "kill:" + here) {
        (void)::kill(::getpid(), SIGKILL);
    }
    if (order == "stop:" + here) {
        (void)::kill(::getpid(), SIGINT);
    }
    if (order == "hold:" + here) {
        (void)::kill(::getpid(), SIGSTOP);
    }
    return {};
}

}  // namespace

bool fault_armed(Moment moment)
{
    return the_order().find(fmt::format(":{}:", name_of(moment))) != std::string_view::npos;
}

bool fault_armed(Moment moment, std::size_t step)
{
    return the_order().ends_with(fmt::format(":{}:{}", name_of(moment), step));
}

Result<void> fault_point(Moment moment, std::size_t step)
{
    return obey(fmt::format("{}:{}", name_of(moment), step));
}

Result<void> fault_point(std::string_view state)
{
    return obey(fmt::format("state:{}", state));
}

}  // namespace kvmkit::txn

#endif
