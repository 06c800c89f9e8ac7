// SPDX-License-Identifier: Apache-2.0
#include "setup/undo_wait.hpp"

#include "setup/distribution.hpp"
#include "setup/package_work.hpp"
#include "setup/step.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

bool undoes_packages(const std::string& undo)
{
    const auto step = undo.empty() ? Result<Step>{Error{}} : decode(undo);
    return step && (std::holds_alternative<RemovePackages>(*step) || std::holds_alternative<RefreshLists>(*step) ||
                    std::holds_alternative<ReleaseLibvirt>(*step));
}

}  // namespace

LockWatch watch_for(Installer installer,
                    std::function<void(const std::string&)> note,
                    std::function<bool()> interrupted)
{
    LockWatch watch{.waiting = {}, .interrupted = std::move(interrupted)};
    if (note) {
        watch.waiting = [installer, note = std::move(note)](const LockHolder& holder, std::chrono::seconds waited) {
            note(fmt::format("waiting for {}: {} is held by {} ({} s)",
                             word(installer),
                             holder.path,
                             describe(holder),
                             waited.count()));
        };
    }
    return watch;
}

bool concerns_packages(const txn::Record& record)
{
    return std::ranges::any_of(record.steps, [](const txn::StepRecord& step) {
        const bool at_work = !step.done && package_work(step) != PackageWork::none;
        return at_work || (!step.undone && undoes_packages(step.undo));
    });
}

Result<void> wait_to_undo(const std::vector<txn::Record>& records, const UndoWait& wait)
{
    return std::ranges::any_of(records, concerns_packages) ? wait_for_manager(wait) : Result<void>{};
}

Result<void> wait_for_manager(const UndoWait& wait)
{
    const auto root = Root::open(wait.top);
    const auto distribution = root ? detect_distribution(*root) : Result<Distribution>{root.error()};
    if (!distribution) {
        return {};
    }
    const auto installer = distribution->installer;
    return wait_for_locks(wait.top, wait.limit, watch_for(installer, wait.note, wait.interrupted), installer);
}

}  // namespace kvmkit::setup
