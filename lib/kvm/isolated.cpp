// SPDX-License-Identifier: Apache-2.0
#include "kvm/isolated.hpp"

#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

namespace kvmkit::kvm {
namespace {

/// A child that is not gone this long after SIGKILL sleeps in the kernel for good.
constexpr std::chrono::milliseconds dying_time{500};

void limit(decltype(RLIMIT_CPU) resource, rlim_t most)
{
    const struct rlimit bound {
        most, most
    };
    (void)::setrlimit(resource, &bound);
}

[[noreturn]] void be_the_child(const ChildWork& work, int report_fd, pid_t parent, std::chrono::milliseconds budget)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {  // it died before the line above
        ::_exit(1);
    }
    ::prctl(PR_SET_NAME, "kvm-probe");
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CPU, static_cast<rlim_t>(std::chrono::ceil<std::chrono::seconds>(budget).count() + 1));
    work(report_fd);
    ::_exit(0);
}

/// Reads until the child closes its end or the deadline comes; keeps the last complete record.
class RecordReader {
public:
    RecordReader(int fd, std::size_t size) : fd_(fd), size_(size) {}

    /// False: out of time.
    bool read_until(Deadline deadline)
    {
        while (true) {
            struct pollfd waiting {
                fd_, POLLIN, 0
            };
            const int ready = ::poll(&waiting, 1, static_cast<int>(deadline.left().count()));
            if (ready < 0 && errno != EINTR) {
                return true;
            }
            if (ready > 0 && !take()) {
                return true;
            }
            if (deadline.passed()) {
                return false;
            }
        }
    }

    [[nodiscard]] std::vector<std::byte> last() const
    {
        const std::size_t complete = bytes_.size() / size_;
        if (complete == 0) {
            return {};
        }
        const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>((complete - 1) * size_);
        return {begin, begin + static_cast<std::ptrdiff_t>(size_)};
    }

private:
    /// False: the end.
    bool take()
    {
        std::array<std::byte, 4096> piece{};
        const ssize_t count = ::read(fd_, piece.data(), piece.size());
        if (count <= 0) {
            return count < 0 && errno == EINTR;
        }
        bytes_.insert(bytes_.end(), piece.begin(), piece.begin() + count);
        return true;
    }

    int fd_;
    std::size_t size_;
    std::vector<std::byte> bytes_;
};

/// The wait status, once the process has ended; absent if it has not by the deadline.
std::optional<int> reap(pid_t child, Deadline deadline)
{
    const UniqueFd handle{static_cast<int>(::syscall(SYS_pidfd_open, child, 0))};
    struct pollfd waiting {
        handle.get(), POLLIN, 0
    };
    int status = 0;
    while (::waitpid(child, &status, handle ? WNOHANG : 0) != child) {
        if (deadline.passed()) {
            return std::nullopt;
        }
        (void)::poll(&waiting, 1, static_cast<int>(deadline.left().count()));
    }
    return status;
}

ChildReport end_child(pid_t child, bool in_time, Deadline deadline)
{
    std::optional<int> status = in_time ? reap(child, deadline) : std::nullopt;
    const bool killed = !status;
    if (killed) {
        ::kill(child, SIGKILL);
        status = reap(child, Deadline::after(dying_time));
    }
    ChildReport report;
    if (!status) {
        report.end = ChildEnd::unkillable;
    } else if (killed) {
        report.end = ChildEnd::out_of_time;
    } else if (WIFSIGNALED(*status)) {
        report.end = ChildEnd::died;
        report.signal = WTERMSIG(*status);
    }
    return report;
}

}  // namespace

Result<ChildReport> run_isolated(const ChildWork& work, std::size_t record_size, Deadline deadline)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return errno_error(errno, "cannot create a pipe");
    }
    UniqueFd reading{ends[0]};
    UniqueFd writing{ends[1]};
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) {
        return errno_error(errno, "cannot start a child process");
    }
    if (child == 0) {
        be_the_child(work, writing.get(), parent, deadline.left());
    }
    writing = UniqueFd{};
    RecordReader records{reading.get(), record_size};
    const bool in_time = records.read_until(deadline);
    ChildReport report = end_child(child, in_time, deadline);
    report.record = records.last();
    return report;
}

}  // namespace kvmkit::kvm
