// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "facts/host_facts.hpp"

#include <map>
#include <string>
#include <string_view>

namespace kvmkit {

/// Reads the capture.json of a recorded host (docs/recorded-hosts.md) into the facts that no file can hold: arch,
/// cpuid, user and what was seen of /dev/kvm. What it does not mention becomes an Error "not recorded", what it holds
/// as null is absent; the other facts stay as they are. Error: it is no such document.
Result<void> read_capture(std::string_view json, HostFacts& host);

/// Paths that were there and could not be read, with the errno; empty where the document holds none.
std::map<std::string, int> unreadable_files(std::string_view json);

/// What a recording says beside the facts.
struct CaptureNotes {
    std::string version;  ///< Of this tool.
    std::string time;     ///< When, ISO 8601.
    bool redacted = false;
    std::map<std::string, int> unreadable;  ///< As unreadable_files() gives them.
};

/// Writes what read_capture() reads: from both sides come the same facts.
std::string write_capture(const HostFacts& host, const CaptureNotes& notes);

/// The fact that nobody wrote down.
Error not_recorded(std::string_view what);

}  // namespace kvmkit
