// SPDX-License-Identifier: Apache-2.0
#include "system/runner.hpp"

#include "base/log.hpp"
#include "base/printable.hpp"
#include "base/shell.hpp"
#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

extern "C" char** environ;  // NOLINT(readability-redundant-declaration)

namespace kvmkit {
namespace {

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

Result<Pipe> open_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return errno_error(errno, "cannot open a pipe");
    }
    (void)::fcntl(ends[0], F_SETFL, O_NONBLOCK);  // the reading end only: the child's end stays as it expects it
    return Pipe{UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& extra)
{
    std::vector<std::string> all;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text{*entry};
        if (!extra.contains(std::string{text.substr(0, text.find('='))})) {
            all.emplace_back(text);
        }
    }
    for (const auto& [name, value] : extra) {
        all.push_back(fmt::format("{}={}", name, value));
    }
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& strings)
{
    std::vector<char*> out;
    out.reserve(strings.size() + 1);
    for (auto& text : strings) {
        out.push_back(text.data());
    }
    out.push_back(nullptr);
    return out;
}

/// posix_spawn's two C structs, released on every path.
class SpawnSettings {
public:
    SpawnSettings(int in, int out, int err)
    {
        (void)::posix_spawn_file_actions_init(&actions_);
        (void)::posix_spawnattr_init(&attributes_);
        if (in < 0) {
            (void)::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        } else {
            (void)::posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
        }
        (void)::posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
        (void)::posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
        sigset_t none;
        (void)sigemptyset(&none);
        sigset_t reset;
        (void)sigemptyset(&reset);
        (void)sigaddset(&reset, SIGPIPE);
        (void)::posix_spawnattr_setsigmask(&attributes_, &none);
        (void)::posix_spawnattr_setsigdefault(&attributes_, &reset);
        (void)::posix_spawnattr_setflags(&attributes_,
                                         POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings()
    {
        (void)::posix_spawn_file_actions_destroy(&actions_);
        (void)::posix_spawnattr_destroy(&attributes_);
    }
    [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
    [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

/// Hands complete lines to the listener, and the rest once the stream ended.
class LineFeed {
public:
    explicit LineFeed(const std::function<void(std::string_view)>& listener) : listener_(listener) {}
    void add(std::string_view bytes)
    {
        if (!listener_) {
            return;
        }
        pending_ += bytes;
        for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n')) {
            listener_(std::string_view{pending_}.substr(0, end));
            pending_.erase(0, end + 1);
        }
    }
    void finish()
    {
        if (listener_ && !pending_.empty()) {
            listener_(pending_);
        }
    }

private:
    const std::function<void(std::string_view)>& listener_;
    std::string pending_;
};

/// Reads what is there now, but no more than a little over `most`; false once the stream ended.
bool take(int fd, std::string& into, std::size_t most)
{
    std::array<char, 8192> chunk{};
    while (into.size() <= most) {
        const ssize_t got = ::read(fd, chunk.data(), chunk.size());
        if (got > 0) {
            into.append(chunk.data(), static_cast<std::size_t>(got));
        } else if (got == 0 || errno != EINTR) {
            return got < 0 && errno == EAGAIN;
        }
    }
    return true;
}

/// Both pipes and the end of the child. The child's end counts, not the pipes': a daemon that it started may hold them
/// open for ever. Reading while the child runs keeps a full pipe from stopping it.
class Harvest {
public:
    Harvest(pid_t child, const Pipe& out, const Pipe& err, std::size_t most_out)
        : child_(child),
          most_out_(most_out),
          // Linux before 5.3 has no pidfd: there the child is asked every slice.
          child_fd_(static_cast<int>(::syscall(SYS_pidfd_open, child, 0))),
          waits_{pollfd{out.read_end.get(), POLLIN, 0},
                 pollfd{err.read_end.get(), POLLIN, 0},
                 pollfd{child_fd_.get(), POLLIN, 0}}
    {
    }

    /// False if the deadline came before the child's end, or too much output.
    bool gather(const Deadline& deadline, Completed& result, LineFeed& feed, LineFeed& error_feed)
    {
        for (;;) {
            const bool ended = ::waitpid(child_, &wait_status_, WNOHANG) == child_;
            const auto seen = result.out.size();
            const auto errors_seen = result.err.size();
            take_from(0, result.out, most_out_);
            take_from(1, result.err, ChildCommand::any_size);
            feed.add(std::string_view{result.out}.substr(seen));
            error_feed.add(std::string_view{result.err}.substr(errors_seen));
            if (result.out.size() > most_out_) {
                child_ended_ = ended;
                return false;
            }
            if (ended) {
                feed.finish();
                error_feed.finish();
                return true;
            }
            if (deadline.passed()) {
                return false;
            }
            constexpr std::chrono::milliseconds slice{50};
            const auto wait = child_fd_ ? deadline.left() : std::min(deadline.left(), slice);
            (void)::poll(waits_.data(), waits_.size(), static_cast<int>(wait.count()));
        }
    }

    [[nodiscard]] int wait_status() const { return wait_status_; }

    /// What the child started and still runs: "dpkg --configure vlan; sleep 600".
    [[nodiscard]] std::string company() const
    {
        std::vector<std::string> all;
        std::error_code none;
        for (std::filesystem::directory_iterator entry{"/proc", none}, end; !none && entry != end;
             entry.increment(none)) {
            const auto name = entry->path().filename().string();
            pid_t id = 0;
            const auto read = std::from_chars(name.data(), name.data() + name.size(), id);
            if (read.ec == std::errc{} && id != child_ && ::getsid(id) == child_) {
                all.push_back(command_line(entry->path()));
            }
        }
        return fmt::format("{}", fmt::join(all, "; "));
    }

    /// Kills the child with its session and waits for it, if that is still to be done.
    void end_child() const
    {
        if (child_ended_) {
            return;
        }
        (void)::kill(-child_, SIGKILL);
        while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }

private:
    static std::string command_line(const std::filesystem::path& process)
    {
        constexpr std::size_t most = 120;
        std::ifstream file{process / "cmdline", std::ios::binary};
        std::string text{std::istreambuf_iterator<char>{file}, {}};
        while (!text.empty() && text.back() == '\0') {
            text.pop_back();
        }
        std::ranges::replace(text, '\0', ' ');
        return printable(text, most);
    }

    void take_from(std::size_t index, std::string& into, std::size_t most)
    {
        if (waits_.at(index).fd >= 0 && !take(waits_.at(index).fd, into, most)) {
            waits_.at(index).fd = -1;
        }
    }

    pid_t child_;
    bool child_ended_ = false;
    std::size_t most_out_;
    UniqueFd child_fd_;
    std::array<pollfd, 3> waits_;
    int wait_status_ = 0;
};

int status_of(int wait_status)
{
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

}  // namespace

Result<Completed> SystemRunner::run(const ChildCommand& command)
{
    log_debug("running {}", shell_line(command.argv));
    auto out = open_pipe();
    auto err = open_pipe();
    if (!out || !err) {
        return !out ? std::move(out).error() : std::move(err).error();
    }
    auto words = command.argv;
    auto variables = merged_environment(command.environment);
    const auto argv = pointers(words);
    const auto envp = pointers(variables);

    pid_t child = -1;
    const SpawnSettings settings{command.input_fd, out->write_end.get(), err->write_end.get()};
    if (const int problem =
            ::posix_spawnp(&child, argv.front(), settings.actions(), settings.attributes(), argv.data(), envp.data());
        problem != 0) {
        return errno_error(problem, fmt::format("cannot run '{}'", command.argv.front()));
    }
    out->write_end = UniqueFd{};
    err->write_end = UniqueFd{};

    Completed result;
    LineFeed feed{command.on_line};
    LineFeed error_feed{command.on_error_line};
    Harvest harvest{child, *out, *err, command.most_out};
    const bool ended = harvest.gather(Deadline::after(command.timeout), result, feed, error_feed);
    std::string company;
    if (!ended) {
        company = harvest.company();
        harvest.end_child();
    }
    if (result.out.size() > command.most_out) {
        return Error{ErrorCode::refused,
                     fmt::format("'{}' wrote more than {} bytes", shell_line(command.argv), command.most_out)};
    }
    if (!ended) {
        return Error{ErrorCode::timeout,
                     fmt::format("'{}' did not end within {} s{}{}",
                                 shell_line(command.argv),
                                 command.timeout.count() / 1000,
                                 company.empty() ? "" : "; in it ran: ",
                                 company)};
    }
    result.status = status_of(harvest.wait_status());
    log_debug("'{}' ended with {}", command.argv.front(), result.status);
    return result;
}

std::string shell_line(const std::vector<std::string>& argv)
{
    std::string line;
    for (const auto& word : argv) {
        line += line.empty() ? "" : " ";
        line += shell_word(word);
    }
    return line;
}

}  // namespace kvmkit
