// SPDX-License-Identifier: Apache-2.0
#include "virt/console/terminal_console.hpp"

#include "base/number.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr unsigned first_major = 136;  // of the slaves of Unix98 pseudo-terminals, 256 to each major number
constexpr unsigned majors = 8;
constexpr std::string_view folder = "/dev/pts/";

/// Which terminal a descriptor is; absent if it is none.
std::optional<unsigned> number_of(int fd)
{
    struct stat status = {};
    if (::fstat(fd, &status) != 0 || !S_ISCHR(status.st_mode)) {
        return std::nullopt;
    }
    const unsigned major_number = major(status.st_rdev);
    if (major_number < first_major || major_number >= first_major + majors) {
        return std::nullopt;
    }
    constexpr unsigned per_major = 256;
    return (major_number - first_major) * per_major + minor(status.st_rdev);
}

/// QEMU makes it raw as well; one that somebody has used since may not be.
void make_raw(int fd)
{
    termios settings = {};
    if (::tcgetattr(fd, &settings) == 0) {
        ::cfmakeraw(&settings);
        (void)::tcsetattr(fd, TCSANOW, &settings);
    }
}

}  // namespace

Result<std::unique_ptr<TerminalConsole>> TerminalConsole::open(const Terminal& terminal, std::string_view doing)
{
    // Opening one terminal instead of another would be worse than none: its number is compared.
    const std::string_view device = terminal.device;
    const auto number =
        device.starts_with(folder) ? decimal<unsigned>(device.substr(folder.size())) : std::optional<unsigned>{};
    UniqueFd fd{::open(terminal.path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
    if (!fd) {
        return errno_error(errno, doing);
    }
    if (!number || number_of(fd.get()) != number) {
        return Error{ErrorCode::unsupported,
                     fmt::format("{}: '{}' is no such terminal", doing, terminal.path.string())};
    }
    auto lock = DeviceLock::take(terminal.device, doing);
    if (!lock) {
        return lock.error();
    }
    make_raw(fd.get());
    UniqueFd events{::epoll_create1(EPOLL_CLOEXEC)};
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    if (!events || ::epoll_ctl(events.get(), EPOLL_CTL_ADD, fd.get(), &wanted) != 0) {
        return errno_error(errno, doing);
    }
    return std::unique_ptr<TerminalConsole>{new TerminalConsole{std::move(*lock), std::move(fd), std::move(events)}};
}

std::string TerminalConsole::take()
{
    transmit();
    std::string bytes;
    std::array<char, 16384> chunk{};
    constexpr std::size_t most = std::size_t{1} << 20U;
    while (!ended_ && bytes.size() < most) {
        const ssize_t got = ::read(terminal_.get(), chunk.data(), chunk.size());
        if (got > 0) {
            bytes.append(chunk.data(), static_cast<std::size_t>(got));
        } else if (got < 0 && errno == EAGAIN) {
            break;
        } else if (got == 0 || errno != EINTR) {  // QEMU has closed its end
            ended_ = true;
        }
    }
    return bytes;
}

void TerminalConsole::send(std::string_view bytes)
{
    to_guest_ += bytes;
    transmit();
}

/// What the guest has no room for is kept, and goes when there is room.
void TerminalConsole::transmit()
{
    const bool was_waiting = !to_guest_.empty();
    while (!to_guest_.empty()) {
        const ssize_t sent = ::write(terminal_.get(), to_guest_.data(), to_guest_.size());
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0 && errno == EAGAIN) {
            break;
        }
        to_guest_.erase(0, sent > 0 ? static_cast<std::size_t>(sent) : to_guest_.size());
    }
    if (was_waiting) {
        epoll_event wanted{};
        wanted.events = to_guest_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
        (void)::epoll_ctl(events_.get(), EPOLL_CTL_MOD, terminal_.get(), &wanted);
    }
}

}  // namespace kvmkit::virt
