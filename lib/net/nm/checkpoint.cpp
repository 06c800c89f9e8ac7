// SPDX-License-Identifier: Apache-2.0
#include "net/nm/checkpoint.hpp"

#include "net/nm/network_manager.hpp"

#include <algorithm>
#include <fstream>

namespace kvmkit::net {
namespace {

using namespace std::chrono_literals;
constexpr std::chrono::seconds making = 120s;  ///< Longer than a change takes to be made.
constexpr std::chrono::seconds later = 30s;    ///< Than our watchdog.

struct Note {
    pid_t process = 0;
    std::string checkpoint = {};
};

std::filesystem::path note_in(const std::filesystem::path& record)
{
    return record / "nm-checkpoint";
}

/// Lets `act` do something with the checkpoint, if there is one, and the NetworkManager that took it lives.
template <class Act>
void with_checkpoint(const std::filesystem::path& record, Act act)
{
    Note note;
    std::ifstream file{note_in(record)};
    if (!(file >> note.process >> note.checkpoint)) {
        return;
    }
    const auto manager = NetworkManager::reach();
    const auto process = manager ? manager->process() : Result<pid_t>{0};
    if (process && *process == note.process) {
        act(*manager, note.checkpoint);
    }
}

void forget(const std::filesystem::path& record)
{
    std::error_code none;
    std::filesystem::remove(note_in(record), none);
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
    const auto checkpoint =
        process ? manager->take_checkpoint(whole_seconds(timeout) + making) : Result<std::string>{process.error()};
    if (!checkpoint) {
        return checkpoint.error();
    }
    std::ofstream file{note_in(record)};
    if (!(file << *process << ' ' << *checkpoint << std::endl)) {
        (void)manager->drop(*checkpoint);  // nobody could drop it later
        return Error{ErrorCode::external, "cannot note NetworkManager's checkpoint beside the journal"};
    }
    return {};
}

void put_off_checkpoint(const std::filesystem::path& record, std::chrono::milliseconds left)
{
    with_checkpoint(record, [left](const NetworkManager& manager, const std::string& checkpoint) {
        (void)manager.put_off(checkpoint, whole_seconds(left) + later);
    });
}

void drop_checkpoint(const std::filesystem::path& record)
{
    with_checkpoint(
        record, [](const NetworkManager& manager, const std::string& checkpoint) { (void)manager.drop(checkpoint); });
    forget(record);
}

void end_checkpoint(const std::filesystem::path& record, const std::vector<std::string>& left)
{
    if (!left.empty()) {
        with_checkpoint(record, [](const NetworkManager& manager, const std::string& checkpoint) {
            (void)manager.roll_back_to(checkpoint);
        });
    }
    drop_checkpoint(record);
}

}  // namespace kvmkit::net
