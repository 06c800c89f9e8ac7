// SPDX-License-Identifier: Apache-2.0
#include "setup/rpm_manager.hpp"

#include "setup/rpm.hpp"

namespace kvmkit::setup {

Result<void> RpmManager::check_removal(const std::vector<std::string>& names)
{
    const auto there = installed_among(runner_, names);
    if (!there || there->empty()) {
        return there ? Result<void>{} : there.error();
    }
    auto removed = foresee_removal(*there);
    return removed ? check_alone(*there, std::move(*removed)) : std::move(removed).error();
}

Result<void> RpmManager::remove(const std::vector<std::string>& names)
{
    if (auto alone = check_removal(names); !alone) {
        return alone;
    }
    const auto there = installed_among(runner_, names);
    if (!there || there->empty()) {
        return there ? Result<void>{} : there.error();
    }
    return carry_out_removal(*there);
}

}  // namespace kvmkit::setup
