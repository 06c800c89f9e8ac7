// SPDX-License-Identifier: Apache-2.0
#include "setup/clean_up.hpp"

#include "txn/store.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

const std::string tool = "host-setup";

}  // namespace

Result<txn::Cleanup> clean_up(const txn::Places& places, const UndoWait& wait, HostDomain& domain)
{
    const auto found = txn::read_all_records(places, tool);
    auto quiet = found ? wait_to_undo(txn::orphans(*found), wait) : Result<void>{found.error()};
    return quiet ? txn::undo_orphans(places, tool, domain) : Result<txn::Cleanup>{std::move(quiet).error()};
}

Result<std::vector<std::string>> clean_up_first(const txn::Places& places,
                                                const UndoWait& wait,
                                                HostDomain& domain,
                                                const std::function<void(const std::string&)>& warn)
{
    auto cleanup = clean_up(places, wait, domain);
    if (!cleanup) {
        return std::move(cleanup).error();
    }
    std::ranges::for_each(txn::sentences(*cleanup), warn);
    return std::move(cleanup->undone);
}

Error after_undoing(Error error, const std::vector<std::string>& undone)
{
    if (!undone.empty()) {
        error.code = error.code == ErrorCode::refused ? ErrorCode::rolled_back : error.code;
        error.message += fmt::format("\nwhat was begun is undone: {}", fmt::join(undone, ", "));
    }
    return error;
}

PackageLimits logged(PackageLimits limits, const txn::Places& places)
{
    limits.log = places.state / "host-setup-packages.log";
    return limits;
}

}  // namespace kvmkit::setup
