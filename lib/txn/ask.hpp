// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>

namespace kvmkit::txn {

/// An answer of the watchdog: a word, the transaction, and more.
struct Answer {
    std::string word = {};
    std::string id = {};
    std::string rest = {};
};

/// Takes "WORD ID REST" apart.
Answer read_answer(const std::string& text);

/// Asks a tool's watchdog and turns what it cannot do into an Error: not_found (nothing waits, or another change does),
/// busy (it is still being made), damaged (what is left).
Result<Answer> ask(const std::string& tool, const std::filesystem::path& socket, const std::string& words);

/// Asks it to confirm or to roll back, and yields the id of what was `wanted` ("kept", "undone"); rolled_back: it was
/// undone instead.
Result<std::string> ask_to(const std::string& tool,
                           const std::filesystem::path& socket,
                           const std::string& words,
                           const std::string& wanted);

}  // namespace kvmkit::txn
