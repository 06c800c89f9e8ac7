// SPDX-License-Identifier: Apache-2.0
#include "setup/clean_up.hpp"

#include "txn/store.hpp"

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

PackageLimits logged(PackageLimits limits, const txn::Places& places)
{
    limits.log = places.state / "host-setup-packages.log";
    return limits;
}

}  // namespace kvmkit::setup
