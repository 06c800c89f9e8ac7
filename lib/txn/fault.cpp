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
    }
    return "";
}

}  // namespace

Result<void> fault_point(Moment moment, std::size_t step)
{
    const char* wanted = std::getenv("KVMKIT_FAULT");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    const auto here = fmt::format("{}:{}", name_of(moment), step);
    const std::string_view order = wanted == nullptr ? "" : wanted;
    if (order == "fail:" + here) {
        return Error{ErrorCode::external, fmt::format("fault hook: {}", here)};
    }
    if (order == "kill:" + here) {
        (void)::kill(::getpid(), SIGKILL);
    }
    if (order == "stop:" + here) {
        (void)::kill(::getpid(), SIGINT);
    }
    return {};
}

}  // namespace kvmkit::txn

#endif
