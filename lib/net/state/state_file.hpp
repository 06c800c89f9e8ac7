// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/model/desired.hpp"
#include "net/state/mistakes.hpp"

#include <map>
#include <string>
#include <string_view>

namespace kvmkit::net {

/// A state file, read: what it asks for, and where it says so.
struct StateFile : SourceText {
    DesiredNetwork wanted = {};
    Tree tree = {};
    std::map<KeyPath, Place> other_names = {};  ///< Of values whose key has several spellings.
};

/// A state file, and what is wrong with it. With mistakes the wishes are not to be trusted.
struct StateReading {
    StateFile file = {};
    Mistakes mistakes = {};
};

/// Reads a state file: nmstate's schema with our additions, as YAML or JSON (docs/state-files.md).
StateReading read_state(std::string_view name, std::string_view text);

/// The same for those who can do nothing with a file that holds mistakes: all of them stand in the ErrorCode::usage.
Result<StateFile> read_state_file(std::string_view name, std::string_view text);

/// Points at what is found wrong later with the wish of that path, or of the nearest one above it that the file has.
std::string pointed_at(const StateFile& file, const KeyPath& path, std::string_view message);

}  // namespace kvmkit::net
