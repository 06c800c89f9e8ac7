// SPDX-License-Identifier: Apache-2.0
#include "setup/reverting_manager.hpp"

#include "base/deadline.hpp"
#include "setup/rpm.hpp"

#include <poll.h>

namespace kvmkit::setup {

Result<Completed> RevertingManager::until_unlocked(const std::function<Result<Completed>()>& attempt,
                                                   bool (*locked)(const Completed&)) const
{
    constexpr int slice_ms = 500;
    const auto deadline = Deadline::after(limits_.lock_wait);
    for (;;) {
        auto ended = attempt();
        if (!ended || !locked(*ended) || deadline.passed()) {
            return ended;
        }
        (void)::poll(nullptr, 0, slice_ms);
    }
}

Result<void> RevertingManager::check_removal(const std::vector<std::string>& names)
{
    const auto there = present(names);
    if (!there || there->empty()) {
        return there ? Result<void>{} : there.error();
    }
    auto removed = foresee_removal(*there);
    return removed ? check_alone(*there, std::move(*removed)) : std::move(removed).error();
}

Result<void> RevertingManager::remove(const std::vector<std::string>& names)
{
    if (auto alone = check_removal(names); !alone) {
        return alone;
    }
    const auto there = present(names);
    if (!there || there->empty()) {
        return there ? Result<void>{} : there.error();
    }
    return carry_out_removal(*there);
}

}  // namespace kvmkit::setup
