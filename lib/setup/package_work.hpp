// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "txn/journal.hpp"

namespace kvmkit::setup {

/// What a step, or its undoing, has a package manager do, in the order of how much stays of it.
enum class PackageWork { none, lists, packages };

/// Told by the text of a journal's step, which is that of describe(): a journal has no other word of what was made.
PackageWork package_work(const txn::StepRecord& step);

/// The most that any step of it did, or may have done.
PackageWork package_work(const txn::Record& record);

}  // namespace kvmkit::setup
