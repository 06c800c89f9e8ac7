// SPDX-License-Identifier: Apache-2.0
#include "net/nm/checkpoint.hpp"

#include "base/deadline.hpp"
#include "net/nm/network_manager.hpp"
#include "system/clock.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <thread>

namespace kvmkit::net {
namespace {

using namespace std::chrono_literals;
constexpr std::chrono::seconds making = 120s;  ///< Longer than a change takes to be made.
constexpr std::chrono::seconds later = 30s;    ///< Than our watchdog.
constexpr std::chrono::seconds to_keep = 30s;  ///< A change is lost if NetworkManager does not answer for so long.
constexpr std::chrono::seconds to_change = 10s;
constexpr std::chrono::milliseconds between_tries = 200ms;

struct Note {
    pid_t process = 0;
    std::string checkpoint = {};
    std::uint64_t start_time = 0;  ///< Of the process.
};

std::filesystem::path note_in(const std::filesystem::path& record)
{
    return record / "nm-checkpoint";
}

std::optional<Note> read_note(const std::filesystem::path& record)
{
    Note note;
    std::ifstream file{note_in(record)};
    const bool whole{file >> note.process >> note.checkpoint >> note.start_time};
    return whole ? std::optional{std::move(note)} : std::nullopt;
}

/// Who cannot be reached may live all the same, and go its way back in time: a bus proves nothing.
bool is_gone(const Note& note)
{
    return process_start_time(note.process) != note.start_time;
}

/// Lets `act` do something with the checkpoint, if there is one, and the NetworkManager that took it lives: until it
/// has answered, or the time is over. ErrorCode::invalid: it has gone that way back already.
template <class Act>
Result<void> with_checkpoint(const std::filesystem::path& record, std::chrono::milliseconds patience, Act act)
{
    const auto note = read_note(record);
    const auto deadline = Deadline::after(patience);
    Result<void> done = Error{ErrorCode::timeout, "NetworkManager, which holds a checkpoint, is not to be reached"};
    while (note && !is_gone(*note)) {
        const auto manager = NetworkManager::reach();
        const auto process = manager ? manager->process() : Result<pid_t>{0};
        if (process && *process == note->process) {
            done = act(*manager, note->checkpoint, std::max<std::chrono::milliseconds>(deadline.left(), 1s));
            if (done || done.error().code == ErrorCode::invalid) {
                return done;
            }
        }
        if (deadline.passed()) {
            return done;
        }
        std::this_thread::sleep_for(between_tries);
    }
    return {};
}

void forget(const std::filesystem::path& record)
{
    std::error_code none;
    std::filesystem::remove(note_in(record), none);
}

Result<void> drop_within(std::chrono::milliseconds patience, const std::filesystem::path& record)
{
    auto done = with_checkpoint(record, patience, [](const auto& manager, const auto& checkpoint, auto time) {
        return manager.drop(checkpoint, time);
    });
    if (done || done.error().code == ErrorCode::invalid) {
        forget(record);
    }
    return done;
}

std::chrono::seconds whole_seconds(std::chrono::milliseconds time)
{
    return std::chrono::ceil<std::chrono::seconds>(time);
}

}  // namespace

Result<void> take_checkpoint(const Plan& plan, const std::filesystem::path& record, std::chrono::milliseconds timeout)
{
    const bool leaves_alone =
        std::ranges::any_of(plan, [](const Step& step) { return std::holds_alternative<SetManaged>(step.action); });
    const auto manager = leaves_alone ? NetworkManager::reach() : std::nullopt;
    if (!manager) {
        return {};
    }
    const auto process = manager->process();
    const auto start_time = process ? process_start_time(*process) : std::nullopt;
    const auto checkpoint =
        process ? manager->take_checkpoint(whole_seconds(timeout) + making) : Result<std::string>{process.error()};
    if (!checkpoint) {
        return checkpoint.error();
    }
    std::ofstream file{note_in(record)};
    if (!(file << *process << ' ' << *checkpoint << ' ' << start_time.value_or(0) << std::endl)) {
        (void)manager->drop(*checkpoint, to_change);  // nobody could drop it later
        return Error{ErrorCode::external, "cannot note NetworkManager's checkpoint beside the journal"};
    }
    return {};
}

Result<void> put_off_checkpoint(const std::filesystem::path& record, std::chrono::milliseconds left)
{
    return with_checkpoint(record, to_change, [left](const auto& manager, const auto& checkpoint, auto /*patience*/) {
        return manager.put_off(checkpoint, whole_seconds(left) + later);
    });
}

Result<void> drop_checkpoint(const std::filesystem::path& record)
{
    return drop_within(to_keep, record);
}

void end_checkpoint(const std::filesystem::path& record, const std::vector<std::string>& left)
{
    if (!left.empty()) {
        (void)with_checkpoint(record, to_change, [](const auto& manager, const auto& checkpoint, auto /*patience*/) {
            return manager.roll_back_to(checkpoint);
        });
    }
    (void)drop_within(to_change, record);
}

}  // namespace kvmkit::net
