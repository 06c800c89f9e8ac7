// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "txn/owner.hpp"
#include "txn/places.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::txn {

/// Where a transaction stands. Only confirmed, closed and rolled_back are final: any other one whose owner is dead is
/// undone. Those that a watchdog looks after are armed, verified and confirmed, too.
enum class State { planned, armed, applying, applied, verified, confirmed, closed, rolling_back, rolled_back, damaged };

std::string_view word(State state) noexcept;

constexpr bool is_final(State state) noexcept
{
    return state == State::confirmed || state == State::closed || state == State::rolled_back;
}

/// What is about to be done, for people, and how the domain will undo it; no `undo`: nothing to undo.
struct Intent {
    std::string text;
    std::string undo;
    bool last = false;  ///< As StepRecord has it.
};

/// One step as the journal knows it.
struct StepRecord {
    std::string text;   ///< What it does, for people.
    std::string undo;   ///< The inverse, encoded by the domain; empty: nothing to undo.
    bool done = false;  ///< The change was made; false: it may or may not have been made.
    bool undone = false;
    bool last = false;  ///< Undone after all others, and only once those are: what takes away that which they need.
};

/// One transaction as it lies on disk.
struct Record {
    std::string id;  ///< Sorts by time.
    std::string tool;
    std::string command;
    std::string started;  ///< ISO 8601, UTC.
    Owner owner;
    State state = State::planned;
    bool stood = false;    ///< It was closed or confirmed once: whatever undid it since was asked for.
    bool adopted = false;  ///< Another process went on with it: who began it was killed, or it was taken back later.
    std::vector<StepRecord> steps;
    std::filesystem::path directory;

    [[nodiscard]] bool open() const noexcept { return !is_final(state); }
    /// It ended well, and nobody has taken it back since.
    [[nodiscard]] bool stands() const noexcept { return state == State::confirmed || state == State::closed; }
};

/// Who begins a transaction, and with which words.
struct Heading {
    std::string tool;
    std::string command;
};

/// The write-ahead journal of one transaction: STATE/txn/TOOL/ID/journal, one JSON record per line. An intent is on the
/// disk before its change is made. Not thread-safe; written by its owner or, once that is dead, by whoever cleans up.
class Journal {
public:
    /// Creates folder and file; on failure nothing is left.
    static Result<Journal> begin(const Places& places, const Heading& heading);

    /// Goes on with an existing one; the caller becomes its owner. What is undone is in the record, so that a disk that
    /// is full, read-only or gone does not end this, but what is recorded after it.
    static Result<Journal> adopt(const Record& record);

    /// Records what is about to be done and how to undo it; returns once that is on the disk. Steps count from 0.
    Result<std::size_t> intend(const std::string& text, const std::string& undo);
    /// The same of many at once; the number of the first one.
    Result<std::size_t> intend(std::span<const Intent> intents);
    Result<void> mark_done(std::size_t step, std::size_t count = 1);
    Result<void> mark_undone(std::size_t step);
    Result<void> mark_undone(std::span<const std::size_t> steps);
    /// Marks the steps from this one on as undone: nobody began to make them.
    void forget_intents(std::size_t first);

    /// Records a state; returns once that is on the disk, or, of `applying` and `applied`, in the file.
    Result<void> enter(State state);

    /// Removes the journal with its folder: for a transaction that was given up before its first change.
    void discard();

    [[nodiscard]] const Record& record() const noexcept { return record_; }
    [[nodiscard]] const std::string& id() const noexcept { return record_.id; }

private:
    Journal(Record record, UniqueFd fd) : record_(std::move(record)), fd_(std::move(fd)) {}
    /// Opens the file where adopt() could not.
    Result<void> append(std::string line, bool sync);

    Record record_;
    UniqueFd fd_;
};

/// Reads one transaction's folder. A last line that a power cut tore is ignored; not_found: it never began, so nothing
/// was changed; any other damage is an Error.
Result<Record> read_record(const std::filesystem::path& directory);

/// The state of one transaction as the end of its journal tells it, whose rest is not read; absent where it does not.
std::optional<State> state_at_end(const std::filesystem::path& directory);

}  // namespace kvmkit::txn
