// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/host_facts.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <string>

namespace kvmkit {

/// Opens this host ("/"), a folder or an archive (see read_archive) of files. ErrorCode::usage: its capture.json, if it
/// has one, is no such document; (external): this process may open too few files to tell anything.
Result<Root> open_host(const std::string& path, Runner& runner);

/// Fills in what a recorded host holds beside its plain files: capture.json, or what dev/ shows where there is none.
/// Opens no device.
void read_recording(const Root& root, HostFacts& host);

}  // namespace kvmkit
