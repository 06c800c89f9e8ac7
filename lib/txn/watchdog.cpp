// SPDX-License-Identifier: Apache-2.0
#include "txn/watchdog.hpp"

#include "txn/internal/guard.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace kvmkit::txn {
namespace {

constexpr std::chrono::seconds patience_to_get_ready{10};

Error dead()
{
    return {ErrorCode::external, "the watchdog has died", "nobody would take the change back; it is taken back now"};
}

Result<sockaddr_un> address_of(const std::filesystem::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& text = path.native();
    if (text.size() >= sizeof(address.sun_path)) {
        return Error{ErrorCode::invalid, fmt::format("cannot make a socket '{}': the path is too long", text)};
    }
    text.copy(address.sun_path, text.size());
    return address;
}

Result<UniqueFd> listen_at(const std::filesystem::path& path)
{
    const auto doing = fmt::format("cannot listen at '{}'", path.string());
    const auto address = address_of(path);
    if (!address) {
        return address.error();
    }
    (void)::unlink(path.c_str());  // of a killed one: we hold its lock
    UniqueFd fd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const mode_t old_mask = ::umask(0177);
    const bool bound = fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) == 0;
    const int problem = errno;
    (void)::umask(old_mask);
    if (!bound) {
        return errno_error(problem, doing);
    }
    constexpr int waiting_askers = 8;
    if (::listen(fd.get(), waiting_askers) != 0) {
        return errno_error(errno, doing);
    }
    return fd;
}

[[noreturn]] void stand_guard(const Duty& duty, Applier applier, UniqueFd askers)
{
    leave_the_session();
    Guard{duty, std::move(applier), std::move(askers)}.watch();
    (void)::unlink(duty.socket.c_str());
    ::_exit(0);
}

/// One message, or the end: absent.
std::optional<std::string> hear(int fd, std::chrono::milliseconds patience)
{
    pollfd waiting{fd, POLLIN, 0};
    int ready = 0;
    do {
        ready = ::poll(&waiting, 1, static_cast<int>(patience.count()));
    } while (ready < 0 && errno == EINTR);
    std::array<char, 8192> buffer{};
    const ssize_t size = ready > 0 ? ::recv(fd, buffer.data(), buffer.size(), 0) : 0;
    return size > 0 ? std::optional{std::string(buffer.data(), static_cast<std::size_t>(size))} : std::nullopt;
}

Verdict verdict_from(const std::string& text)
{
    const auto space = text.find(' ');
    const auto word = text.substr(0, space);
    const auto rest = space == std::string::npos ? std::string{} : text.substr(space + 1);
    if (word == "kept") {
        return {Verdict::Kind::kept};
    }
    if (word == "undone") {
        return {Verdict::Kind::undone, rest};
    }
    if (word == "timed-out") {
        return {Verdict::Kind::timed_out};
    }
    return {Verdict::Kind::damaged, space == std::string::npos ? text : rest};
}

}  // namespace

Result<void> judged(const Verdict& verdict, std::chrono::milliseconds timeout)
{
    switch (verdict.kind) {
        case Verdict::Kind::kept: return {};
        case Verdict::Kind::undone:
            return Error{ErrorCode::rolled_back,
                         verdict.text.empty()
                             ? "the change was not kept, and is undone"
                             : fmt::format("the change is undone: it could not be kept: {}", verdict.text)};
        case Verdict::Kind::timed_out:
            return Error{ErrorCode::rolled_back,
                         fmt::format("nobody confirmed the change within {} s: it is undone", timeout.count() / 1000)};
        case Verdict::Kind::damaged: break;
    }
    return Error{ErrorCode::damaged, verdict.text};
}

Result<Watchdog> Watchdog::arm(const Duty& duty)
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return errno_error(errno, "cannot start a watchdog");
    }
    UniqueFd ours{ends[0]};
    UniqueFd its{ends[1]};
    auto askers = listen_at(duty.socket);
    if (!askers) {
        return std::move(askers).error();
    }
    // Taken here: the number alone may be another's once it is needed.
    const pid_t self = ::getpid();
    UniqueFd process{static_cast<int>(::syscall(SYS_pidfd_open, self, 0))};
    const pid_t pid = ::fork();
    if (pid < 0) {
        return errno_error(errno, "cannot start a watchdog");
    }
    if (pid == 0) {
        ours = UniqueFd{};
        stand_guard(duty, {std::move(its), self, std::move(process)}, std::move(*askers));
    }
    its = UniqueFd{};
    Watchdog watchdog{pid, std::move(ours)};
    const auto ready = hear(watchdog.fd(), patience_to_get_ready);
    if (!ready || *ready != "R") {
        return Error{ErrorCode::external, "cannot start a watchdog: it has died", "nothing was changed"};
    }
    return watchdog;
}

Watchdog::Watchdog(Watchdog&& other) noexcept : pid_(std::exchange(other.pid_, 0)), pipe_(std::move(other.pipe_)) {}

Watchdog::~Watchdog()
{
    wait_for_its_end();
}

/// With our end closed it ends by itself unless the change is applied and not confirmed.
void Watchdog::wait_for_its_end()
{
    if (pid_ == 0) {
        return;
    }
    pipe_ = UniqueFd{};
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
}

Result<void> Watchdog::applied()
{
    const char word = 'A';
    return ::send(pipe_.get(), &word, 1, MSG_NOSIGNAL) == 1 ? Result<void>{} : Result<void>{dead()};
}

void Watchdog::dismiss()
{
    const char word = 'D';
    (void)::send(pipe_.get(), &word, 1, MSG_NOSIGNAL);
    wait_for_its_end();
}

Result<Verdict> Watchdog::order(char what)
{
    (void)::send(pipe_.get(), &what, 1, MSG_NOSIGNAL);  // one that has decided already says so below
    return verdict();
}

Result<Verdict> Watchdog::verdict()
{
    constexpr std::chrono::hours longest{25};  // it ends by its own deadline
    const auto message = hear(pipe_.get(), longest);
    if (!message || message->empty() || message->front() != 'V') {
        return dead();
    }
    wait_for_its_end();
    return verdict_from(message->substr(1));
}

Result<std::string> ask_watchdog(const std::filesystem::path& socket, const std::string& words)
{
    const auto address = address_of(socket);
    if (!address) {
        return address.error();
    }
    const UniqueFd fd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
    if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0) {
        const bool nobody = errno == ENOENT || errno == ECONNREFUSED;
        return nobody ? Error{ErrorCode::not_found, "no change waits for an answer"}
                      : errno_error(errno, "cannot ask the watchdog");
    }
    constexpr std::chrono::minutes patience{3};  // the end of a change asks others, who have half a minute each
    (void)::send(fd.get(), words.data(), words.size(), MSG_NOSIGNAL);
    const auto answer = hear(fd.get(), patience);
    return answer ? Result<std::string>{*answer}
                  : Result<std::string>{Error{ErrorCode::external, "the watchdog did not answer"}};
}

}  // namespace kvmkit::txn
