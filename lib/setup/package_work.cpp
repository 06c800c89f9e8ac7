// SPDX-License-Identifier: Apache-2.0
#include "setup/package_work.hpp"

#include "setup/step.hpp"

#include <algorithm>

namespace kvmkit::setup {

PackageWork package_work(const txn::StepRecord& step)
{
    if (step.text.starts_with(describe(InstallPackages{{}})) || step.text == describe(FinishPackages{})) {
        return PackageWork::packages;
    }
    const bool lists = step.text.starts_with(describe(RefreshLists{})) ||  // those of one archive, too
                       step.text == describe(RefreshOnUndo{});
    return lists ? PackageWork::lists : PackageWork::none;
}

PackageWork package_work(const txn::Record& record)
{
    PackageWork most = PackageWork::none;
    for (const txn::StepRecord& step : record.steps) {
        most = std::max(most, package_work(step));
    }
    return most;
}

}  // namespace kvmkit::setup
