// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/capture.hpp"
#include "facts/host_facts.hpp"
#include "system/file_tree.hpp"
#include "system/root.hpp"

#include <string>
#include <vector>

namespace kvmkit {

/// A host, collected for a recording: the files as they lay and what no file can hold.
struct Collection {
    FileTree files;                        ///< Without capture.json.
    std::string host_name = {};            ///< Of the host that is recorded; empty: not known.
    std::vector<std::string> people = {};  ///< Names of its accounts that are people's; in no recording.
    HostFacts host;
    CaptureNotes notes;
};

/// Collects what probe_host() read and what checks are likely to read next: docs/recorded-hosts.md lists it. `host` is
/// what probe_host() said. etc/passwd and etc/group are cut down to what concerns KVM. Files that could not be read are
/// noted.
Collection collect(const Root& root, HostFacts host);

/// Takes serial numbers, UUIDs, MACs, host names, addresses and user names out.
void redact(Collection& collection);

/// The recording whole, capture.json in it.
FileTree to_recording(const Collection& collection);

}  // namespace kvmkit
