// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/step.hpp"
#include "system/root.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// What the host's package sources were before host-setup first changed them: each file as the step that restores it,
/// whose `over` tells what we wrote. Outlives the journals.
struct OriginalSources {
    std::vector<SetFile> files;

    /// nullptr: never changed by us.
    [[nodiscard]] const SetFile* find(std::string_view path) const;
};

constexpr const char* original_sources_path = "var/lib/kvmkit/host-setup/sources.json";

/// Empty where host-setup never changed any. ErrorCode::external: the record cannot be read.
Result<OriginalSources> read_original_sources(const Root& root);

/// The record's bytes.
std::string text_of(const OriginalSources& original);

}  // namespace kvmkit::setup
