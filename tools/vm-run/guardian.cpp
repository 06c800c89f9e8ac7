// SPDX-License-Identifier: Apache-2.0
#include "guardian.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>
#include <system_error>

namespace kvmkit::vm_run {
namespace {

constexpr int watched_fd = 3;
constexpr const char* running_program = "/proc/self/exe";

/// Keeps the pipe as descriptor 3 and nothing else: no lock, no terminal, no pipe that somebody waits on.
void let_go(int pipe)
{
    (void)::setsid();
    const int nothing = ::open("/dev/null", O_RDWR);
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        (void)::dup2(nothing, standard);
    }
    (void)::dup2(pipe, watched_fd);
    if (::syscall(SYS_close_range, watched_fd + 1, ~0U, 0) != 0) {  // Linux before 5.9
        constexpr int most = 1024;
        for (int fd = watched_fd + 1; fd < most; ++fd) {
            (void)::close(fd);
        }
    }
}

/// A service manager ends a whole group: SIGTERM waits here since our parent got its own, and must not end us before
/// the work is done. Ignoring a signal drops one that is pending.
void forget_pending_signals()
{
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        (void)::signal(number, SIG_IGN);
        (void)::signal(number, SIG_DFL);
    }
}

/// Between fork and exec only system calls. Waits as long as its parent lives: that is its whole purpose.
[[noreturn]] void keep_watch(int pipe, const char* program)
{
    let_go(pipe);
    char farewell = 0;
    ssize_t got = 0;
    do {
        got = ::read(watched_fd, &farewell, 1);
    } while (got < 0 && errno == EINTR);
    if (got == 1) {
        ::_exit(0);
    }
    forget_pending_signals();
    sigset_t none;
    (void)sigemptyset(&none);
    (void)::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    (void)::execl(program, "vm-run", "gc", "--quiet", nullptr);
    (void)::execl(running_program, "vm-run", "gc", "--quiet", nullptr);  // the file is gone: an upgrade took its place
    ::_exit(1);
}

}  // namespace

Result<Guardian> Guardian::appoint()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return errno_error(errno, "cannot open a pipe");
    }
    UniqueFd read_end{ends[0]};
    UniqueFd write_end{ends[1]};
    std::error_code unreadable;
    // By its own name, not as "exe": ps and pgrep show whose work it is.
    const std::string program = std::filesystem::read_symlink(running_program, unreadable).string();
    const pid_t pid = ::fork();
    if (pid < 0) {
        return errno_error(errno, "cannot start a process");
    }
    if (pid == 0) {
        keep_watch(read_end.get(), program.c_str());
    }
    return Guardian{pid, std::move(write_end)};
}

void Guardian::dismiss()
{
    const char farewell = 'x';
    if (::write(pipe_.get(), &farewell, 1) == 1) {
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    pipe_ = UniqueFd{};
}

}  // namespace kvmkit::vm_run
