// SPDX-License-Identifier: Apache-2.0
#include "txn/internal/guard.hpp"

#include "base/text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace kvmkit::txn {
namespace {

std::int64_t boot_time_ms()
{
    timespec now{};
    (void)::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::string_view word_of(Verdict::Kind kind)
{
    switch (kind) {
        case Verdict::Kind::kept: return "kept";
        case Verdict::Kind::undone: return "undone";
        case Verdict::Kind::timed_out: return "timed-out";
        case Verdict::Kind::damaged: return "damaged";
    }
    return "damaged";
}

}  // namespace

void leave_the_session()
{
    (void)::setsid();
    for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU}) {
        (void)::signal(number, SIG_IGN);
    }
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        (void)::dup2(nothing, standard);
    }
    (void)!::chdir("/");
    (void)::prctl(PR_SET_NAME, "kvmkit-watchdog");
    const UniqueFd score{::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)};
    (void)!::write(score.get(), "-1000", 5);
    (void)::mlockall(MCL_CURRENT);
}

Guard::Guard(const Duty& duty, Applier applier, UniqueFd askers)
    : duty_(duty), applier_(std::move(applier)), askers_(std::move(askers))
{
}

std::int64_t Guard::left_ms() const
{
    return std::max<std::int64_t>(0, deadline_ms_ - boot_time_ms());
}

void Guard::watch()
{
    tell_applier('R', {});
    while (!ended_) {
        // Without a descriptor poll() passes over the entry: so it does once the applier is gone.
        std::array<pollfd, 2> waiting{pollfd{applier_.talk ? applier_.talk.get() : -1, POLLIN, 0},
                                      pollfd{askers_.get(), POLLIN, 0}};
        // Monotonic time stands still while the host sleeps: look at the clock at least once a second.
        constexpr std::int64_t longest = 1000;
        const auto patience = applied_ ? std::min(left_ms(), longest) : longest;
        (void)::poll(waiting.data(), waiting.size(), static_cast<int>(patience));
        if (waiting[0].revents != 0) {
            hear_applier();
        } else if (waiting[1].revents != 0) {
            serve_asker();
        }
        if (!ended_ && applied_ && left_ms() == 0) {
            end(Verdict::Kind::timed_out);
        }
    }
    if (applier_.talk) {
        tell_applier('V', fmt::format("{} {}", word_of(verdict_.kind), verdict_.text));
    }
}

void Guard::hear_applier()
{
    char word = 0;
    const ssize_t size = ::recv(applier_.talk.get(), &word, 1, MSG_DONTWAIT);
    if (size <= 0) {
        applier_.talk = UniqueFd{};
        if (!applied_) {
            end(Verdict::Kind::undone);
        } else if (duty_.left_alone) {
            duty_.left_alone();
        }
        return;
    }
    switch (word) {
        case 'A':
            applied_ = true;
            deadline_ms_ = boot_time_ms() + duty_.timeout.count();
            if (duty_.applied) {
                duty_.applied();
            }
            break;
        case 'D':
            ended_ = true;
            applier_.talk = UniqueFd{};
            break;
        case 'K': end(Verdict::Kind::kept); break;
        case 'U': end(Verdict::Kind::undone); break;
        default: break;
    }
}

void Guard::end(Verdict::Kind wanted)
{
    ended_ = true;
    Result<void> done = Error{};
    std::string reason;
    if (wanted == Verdict::Kind::kept) {
        done = duty_.keep();
        if (!done) {
            wanted = Verdict::Kind::undone;  // what cannot be recorded cannot stay
            reason = done.error().message;
        }
    }
    if (!done) {
        done = duty_.undo();
    }
    verdict_ = done ? Verdict{wanted, std::move(reason)} : Verdict{Verdict::Kind::damaged, done.error().message};
}

void Guard::tell_applier(char word, const std::string& text)
{
    const std::string message = word + text;
    (void)::send(applier_.talk.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Guard::serve_asker()
{
    const UniqueFd asker{::accept4(askers_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    const timeval patience{.tv_sec = 1, .tv_usec = 0};
    (void)::setsockopt(asker.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    std::array<char, 256> buffer{};
    const ssize_t size = ::recv(asker.get(), buffer.data(), buffer.size(), 0);
    if (size > 0) {
        const auto answer = answer_to({buffer.data(), static_cast<std::size_t>(size)});
        (void)::send(asker.get(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

std::string Guard::answer_to(const std::string& words)
{
    const auto first = words.find(' ');
    const auto second = words.find(' ', first == std::string::npos ? first : first + 1);
    const auto verb = words.substr(0, first);
    const auto id = first == std::string::npos ? "" : words.substr(first + 1, second - first - 1);
    if (verb == "status") {
        return fmt::format("{} {} {} {}", duty_.id, applied_ ? "applied" : "applying", left_ms(), ::getpid());
    }
    if (!id.empty() && id != duty_.id) {
        return "other " + duty_.id;
    }
    if (!applied_ && (verb != "rollback" || !kill_applier())) {
        return fmt::format("early {} {}", duty_.id, applier_.pid);
    }
    if (verb == "extend") {
        return extended_by(second == std::string::npos ? "" : words.substr(second + 1));
    }
    if (verb == "confirm" || verb == "rollback") {
        end(verb == "confirm" ? Verdict::Kind::kept : Verdict::Kind::undone);
        return fmt::format("{} {} {}", word_of(verdict_.kind), duty_.id, verdict_.text);
    }
    return "what";
}

bool Guard::kill_applier()
{
    constexpr int patience_ms = 10'000;  // it may be in the kernel
    pollfd waiting{applier_.process.get(), POLLIN, 0};
    if (!applier_.process || ::syscall(SYS_pidfd_send_signal, applier_.process.get(), SIGKILL, nullptr, 0) != 0) {
        return false;
    }
    return ::poll(&waiting, 1, patience_ms) == 1;
}

std::string Guard::extended_by(const std::string& seconds)
{
    constexpr std::int64_t most = 24 * 3600;
    std::int64_t more = 0;
    const auto read = std::from_chars(seconds.data(), seconds.data() + seconds.size(), more);
    if (read.ec != std::errc{} || more < 1 || more > most) {
        return "what";
    }
    const auto left = std::chrono::milliseconds{left_ms() + more * 1000};
    if (const auto done = duty_.extended ? duty_.extended(left) : Result<void>{}; !done) {
        return fmt::format("short {} {}", duty_.id, done.error().message);
    }
    deadline_ms_ += more * 1000;
    return fmt::format("extended {} {}", duty_.id, left_ms());
}

}  // namespace kvmkit::txn
