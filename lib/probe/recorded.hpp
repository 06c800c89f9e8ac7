// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/host_facts.hpp"
#include "system/root.hpp"

namespace kvmkit {

/// Whether the recording's capture.json, if it has one, can be read. ErrorCode::usage: it is no such document.
Result<void> check_recording(const Root& root);

/// Fills in what a recorded host holds beside its plain files: capture.json, or what dev/ shows where there is none.
/// Opens no device.
void read_recording(const Root& root, HostFacts& host);

}  // namespace kvmkit
