// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/dpkg.hpp"

namespace kvmkit::setup {

/// The failure of a run, as ErrorCode::damaged with the packages that it leaves on the host, which had those of
/// `before`; the same error where it leaves none.
Error with_packages_left(Error error, const PackageTable& before, const PackageTable& after);

}  // namespace kvmkit::setup
