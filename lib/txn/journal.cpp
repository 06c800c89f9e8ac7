// SPDX-License-Identifier: Apache-2.0
#include "txn/journal.hpp"

#include "base/text.hpp"
#include "system/clock.hpp"
#include "system/files.hpp"
#include "txn/fault.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <numeric>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::txn {
namespace {

using Json = nlohmann::json;

constexpr std::string_view schema = "kvmkit.txn.journal/1";
constexpr std::array states{State::planned,
                            State::armed,
                            State::applying,
                            State::applied,
                            State::verified,
                            State::confirmed,
                            State::closed,
                            State::rolling_back,
                            State::rolled_back,
                            State::damaged};

/// Now, but later than what any thread of this process was told before.
std::chrono::system_clock::time_point a_moment_of_our_own()
{
    using std::chrono::microseconds;
    static std::atomic<std::int64_t> latest = 0;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    auto mine = std::chrono::duration_cast<microseconds>(now).count();
    auto before = latest.load();
    do {
        mine = std::max(mine, before + 1);
    } while (!latest.compare_exchange_weak(before, mine));
    return std::chrono::system_clock::time_point{microseconds{mine}};
}

/// Sorts by time to the microsecond; the pid keeps two processes apart.
std::string new_id()
{
    const auto now = a_moment_of_our_own();
    const auto micros =
        std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() % 1'000'000;
    const auto seconds = fmt::gmtime(std::chrono::system_clock::to_time_t(now));
    return fmt::format("{:%Y%m%dT%H%M%S}-{:06}-{}", seconds, micros, ::getpid());
}

Json to_json(const Owner& owner)
{
    return {{"pid", owner.pid}, {"start_time", owner.start_time}, {"boot_id", owner.boot_id}};
}

Owner owner_from(const Json& json)
{
    return {
        json.at("pid").get<pid_t>(), json.at("start_time").get<std::uint64_t>(), json.at("boot_id").get<std::string>()};
}

State state_from(std::string_view name)
{
    for (const State state : states) {
        if (word(state) == name) {
            return state;
        }
    }
    return State::damaged;
}

Result<UniqueFd> open_journal(const std::filesystem::path& directory, int flags)
{
    const auto path = directory / "journal";
    UniqueFd fd{::open(path.c_str(), flags | O_CLOEXEC, 0600)};
    if (!fd) {
        return errno_error(errno, fmt::format("cannot open journal '{}'", path.string()));
    }
    return fd;
}

void take_state(Record& record, State state)
{
    record.state = state;
    record.stood = record.stood || state == State::closed || state == State::confirmed;
}

/// Applies one journal line to the record. Throws Json::exception on a line that is not ours.
void replay(Record& record, const Json& line)
{
    if (line.contains("schema")) {
        record.id = line.at("id").get<std::string>();
        record.tool = line.at("tool").get<std::string>();
        record.command = line.at("command").get<std::string>();
        record.started = line.at("started").get<std::string>();
    }
    if (line.contains("owner")) {
        record.owner = owner_from(line.at("owner"));
        record.adopted = !line.contains("schema");
    }
    if (line.contains("intent")) {
        record.steps.push_back({.text = line.at("intent").get<std::string>(),
                                .undo = line.at("undo").get<std::string>(),
                                .last = line.value("last", false)});
    }
    if (line.contains("done")) {
        record.steps.at(line.at("done").get<std::size_t>()).done = true;
    }
    if (line.contains("undone")) {
        record.steps.at(line.at("undone").get<std::size_t>()).undone = true;
    }
    if (line.contains("state")) {
        take_state(record, state_from(line.at("state").get<std::string>()));
    }
}

/// After a power cut both say the same as the state before: what was intended is undone. The next record that somebody
/// waits for takes them to the disk.
bool must_reach_the_disk(State state)
{
    return state != State::applying && state != State::applied;
}

}  // namespace

std::string_view word(State state) noexcept
{
    switch (state) {
        case State::planned: return "planned";
        case State::armed: return "armed";
        case State::applying: return "applying";
        case State::applied: return "applied";
        case State::verified: return "verified";
        case State::confirmed: return "confirmed";
        case State::closed: return "closed";
        case State::rolling_back: return "rolling-back";
        case State::rolled_back: return "rolled-back";
        case State::damaged: return "damaged";
    }
    return "damaged";
}

Result<Journal> Journal::begin(const Places& places, const Heading& heading)
{
    auto owner = this_process();
    if (!owner) {
        return std::move(owner).error();
    }
    Record record{.id = new_id(),
                  .tool = heading.tool,
                  .command = heading.command,
                  .started = iso_time(wall_clock()),
                  .owner = std::move(*owner),
                  .steps = {},
                  .directory = {}};
    record.directory = places.state / "txn" / heading.tool / record.id;
    if (auto made = make_directories(record.directory, 0700); !made) {
        return std::move(made).error();
    }
    if (auto safe = check_is_ours(places.state); !safe) {
        (void)remove_if_there(record.directory);
        return std::move(safe).error();
    }
    auto fd = open_journal(record.directory, O_WRONLY | O_APPEND | O_CREAT | O_EXCL);
    if (!fd) {
        (void)remove_if_there(record.directory);
        return std::move(fd).error();
    }
    Journal journal{std::move(record), std::move(*fd)};
    const Record& mine = journal.record_;
    const Json first{{"schema", schema},
                     {"id", mine.id},
                     {"tool", mine.tool},
                     {"command", mine.command},
                     {"started", mine.started},
                     {"owner", to_json(mine.owner)}};
    auto written = journal.append(first.dump(), false);  // nothing is to be undone before the first intent
    if (written) {
        written = sync_directory(mine.directory);
    }
    if (!written) {
        journal.discard();
        return std::move(written).error();
    }
    return journal;
}

Result<Journal> Journal::adopt(const Record& record)
{
    auto owner = this_process();
    if (!owner) {
        return std::move(owner).error();
    }
    Journal journal{record, UniqueFd{}};
    journal.record_.owner = *owner;
    journal.record_.adopted = true;
    // A torn last line must not swallow ours: start on a fresh one.
    (void)journal.append(fmt::format("\n{}", Json{{"owner", to_json(*owner)}}.dump()), true);
    return journal;
}

Result<std::size_t> Journal::intend(const std::string& text, const std::string& undo)
{
    const Intent one{text, undo};
    return intend({&one, 1});
}

Result<std::size_t> Journal::intend(std::span<const Intent> intents)
{
    std::string text;
    for (const Intent& intent : intents) {
        Json line{{"intent", intent.text}, {"undo", intent.undo}};
        if (intent.last) {
            line["last"] = true;
        }
        text += (text.empty() ? "" : "\n") + line.dump();
    }
    if (auto written = append(std::move(text), true); !written) {
        return std::move(written).error();
    }
    const std::size_t first = record_.steps.size();
    for (const Intent& intent : intents) {
        record_.steps.push_back({.text = intent.text, .undo = intent.undo, .last = intent.last});
    }
    return first;
}

Result<void> Journal::mark_done(std::size_t step, std::size_t count)
{
    std::string text;
    for (std::size_t number = step; number < step + count; ++number) {
        record_.steps.at(number).done = true;
        text += fmt::format("{}{{\"done\":{}}}", text.empty() ? "" : "\n", number);
    }
    return append(std::move(text), false);
}

Result<void> Journal::mark_undone(std::size_t step)
{
    return mark_undone({&step, 1});
}

Result<void> Journal::mark_undone(std::span<const std::size_t> steps)
{
    std::string text;
    for (const std::size_t number : steps) {
        record_.steps.at(number).undone = true;
        text += fmt::format("{}{{\"undone\":{}}}", text.empty() ? "" : "\n", number);
    }
    return append(std::move(text), false);
}

void Journal::forget_intents(std::size_t first)
{
    std::vector<std::size_t> steps(record_.steps.size() - std::min(first, record_.steps.size()));
    std::iota(steps.begin(), steps.end(), first);
    if (!steps.empty()) {
        (void)mark_undone(steps);  // undoing what was never made is harmless, too
    }
}

Result<void> Journal::enter(State state)
{
    take_state(record_, state);
    auto entered = append(Json{{"state", word(state)}}.dump(), must_reach_the_disk(state));
    return entered ? fault_point(word(state)) : entered;
}

void Journal::discard()
{
    (void)remove_if_there(record_.directory / "journal");
    (void)remove_if_there(record_.directory);
}

Result<void> Journal::append(std::string line, bool sync)
{
    line += '\n';
    const auto path = (record_.directory / "journal").string();
    if (!fd_) {
        auto opened = open_journal(record_.directory, O_WRONLY | O_APPEND);
        if (!opened) {
            return std::move(opened).error();
        }
        fd_ = std::move(*opened);
    }
    if (auto written = write_all(fd_.get(), line, path); !written) {
        return written;
    }
    if (sync && ::fdatasync(fd_.get()) != 0) {
        return errno_error(errno, fmt::format("cannot write '{}'", path));
    }
    return {};
}

Result<Record> read_record(const std::filesystem::path& directory)
{
    const auto fd = open_journal(directory, O_RDONLY);
    if (!fd) {
        return fd.error();
    }
    const auto text = read_all(fd->get(), (directory / "journal").string(), std::size_t{16} << 20U);
    if (!text) {
        return text.error();
    }
    Record record;
    record.directory = directory;
    try {
        for (const auto line : lines(*text)) {
            const Json json = Json::parse(line, nullptr, false);
            if (json.is_object()) {
                replay(record, json);
            }
        }
    } catch (const Json::exception& problem) {
        return Error{ErrorCode::external,
                     fmt::format("cannot read journal '{}': {}", (directory / "journal").string(), problem.what())};
    } catch (const std::out_of_range&) {
        return Error{ErrorCode::external,
                     fmt::format("cannot read journal '{}': it names a step it does not hold", directory.string())};
    }
    if (record.id.empty()) {
        return Error{ErrorCode::not_found,
                     fmt::format("journal '{}' has no beginning", (directory / "journal").string())};
    }
    return record;
}

std::optional<State> state_at_end(const std::filesystem::path& directory)
{
    constexpr off_t most = 4096;
    const auto fd = open_journal(directory, O_RDONLY);
    struct stat about {};
    if (!fd || ::fstat(fd->get(), &about) != 0) {
        return std::nullopt;
    }
    std::string text(static_cast<std::size_t>(std::min(most, about.st_size)), '\0');
    const ssize_t size = ::pread(fd->get(), text.data(), text.size(), std::max<off_t>(0, about.st_size - most));
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, size)));
    std::optional<State> last;
    for (const auto line : lines(text)) {
        const Json json = line.starts_with(R"({"state":)") ? Json::parse(line, nullptr, false) : Json();
        const auto state = json.is_object() ? json.find("state") : json.end();
        if (state != json.end() && state->is_string()) {
            last = state_from(state->get<std::string>());
        }
    }
    return last;
}

}  // namespace kvmkit::txn
