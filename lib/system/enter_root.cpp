// SPDX-License-Identifier: Apache-2.0
#include "system/enter_root.hpp"

#include "system/files.hpp"
#include "system/internal/inside_root.hpp"

#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include <fmt/format.h>

namespace kvmkit {
namespace {

sigset_t passed_on()
{
    sigset_t set;
    (void)sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) {
        (void)sigaddset(&set, number);
    }
    return set;
}

/// Takes the children that ended; the exit code of that one, once it is among them.
std::optional<int> reap(pid_t child)
{
    constexpr int killed = 128;
    std::optional<int> code;
    for (;;) {
        int status = 0;
        const pid_t ended = ::waitpid(-1, &status, WNOHANG);
        if (ended <= 0) {
            return code;
        }
        if (ended == child) {
            code = WIFEXITED(status) ? WEXITSTATUS(status) : killed + WTERMSIG(status);
        }
    }
}

/// Waits for the end of a child, and of all that it leaves behind; passes on what would end us. The signals are
/// blocked.
int stand_by(pid_t child)
{
    const sigset_t set = passed_on();
    for (;;) {
        siginfo_t told{};
        const int number = ::sigwaitinfo(&set, &told);
        if (number > 0 && number != SIGCHLD) {
            (void)::kill(child, number);
        }
        if (const auto code = reap(child)) {
            return *code;
        }
    }
}

/// What changes the machine whatever its mounts are.
void give_up_rights()
{
    constexpr std::array rights{CAP_SYS_MODULE, CAP_SYS_TIME, CAP_SYS_BOOT, CAP_SYS_RAWIO, CAP_NET_ADMIN};
    for (const int right : rights) {
        (void)::prctl(PR_CAPBSET_DROP, right, 0, 0, 0);  // of programs that are run from now on
    }
}

Error cannot(std::string_view what, const std::string& name)
{
    return errno_error(errno,
                       fmt::format("cannot enter image '{}': {}", name, what),
                       "in a container, it needs the rights to mount and to make namespaces");
}

/// The first process of the namespace: it does nothing but wait, so that its child can be killed like any other.
[[noreturn]] void be_first(pid_t child)
{
    ::_exit(stand_by(child));
}

}  // namespace

Result<Entered> enter_root(const UniqueFd& folder, const std::string& name)
{
    (void)std::fflush(nullptr);
    sigset_t before;
    const sigset_t set = passed_on();
    if (::pthread_sigmask(SIG_BLOCK, &set, &before) != 0 ||
        ::unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS) != 0) {
        return cannot("no namespaces of its own", name);
    }
    const pid_t first = ::fork();
    if (first < 0) {
        return cannot("fork", name);
    }
    if (first > 0) {
        const int code = stand_by(first);
        (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        return Entered{code};
    }
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    const pid_t second = ::fork();
    if (second < 0) {
        return cannot("fork", name);
    }
    if (second > 0) {
        be_first(second);
    }
    (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    give_up_rights();
    auto inside = go_inside(folder, name);
    return inside ? Result<Entered>{Entered{}} : std::move(inside).error();
}

}  // namespace kvmkit
