// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/temporary_folder.hpp"
#include "system/root.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

namespace kvmkit::testing {

/// One thread of a fake process.
struct FakeThread {
    int tid = 0;
    std::string name;
    unsigned cpu = 0;
    std::string allowed = "0-3";
    std::string schedstat = "1000000000 50000000 7\n";  ///< Empty: a kernel without it.
};

/// The proc of a host with four CPUs, on which processes are put by hand.
class FakeHost {
public:
    FakeHost()
    {
        folder_.write("proc/uptime", "1000.00 3000.00\n");
        folder_.write("proc/meminfo", "MemTotal:  4194304 kB\nMemAvailable: 2097152 kB\nHugetlb:  0 kB\n");
        folder_.write("proc/stat", "cpu  1 1\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\nintr 1\n");
    }

    void process(int pid, const std::string& comm, const std::vector<std::string>& words, char state = 'S') const
    {
        std::string cmdline;
        for (const auto& word : words) {
            cmdline += word + '\0';
        }
        const auto folder = fmt::format("proc/{}/", pid);
        folder_.write(folder + "cmdline", cmdline);
        folder_.write(folder + "comm", comm + "\n");
        folder_.write(folder + "stat", stat_line(pid, comm, state, 0));
        folder_.write(folder + "status", "Name:\tx\nVmRSS:\t  1024 kB\nVmSwap:\t   0 kB\nHugetlbPages:\t   0 kB\n");
        thread(pid, {.tid = pid, .name = comm});
    }

    void thread(int pid, const FakeThread& thread) const
    {
        const auto folder = fmt::format("proc/{}/task/{}/", pid, thread.tid);
        folder_.write(folder + "stat", stat_line(thread.tid, thread.name, 'S', thread.cpu));
        folder_.write(folder + "status", fmt::format("Name:\tx\nCpus_allowed_list:\t{}\n", thread.allowed));
        if (!thread.schedstat.empty()) {
            folder_.write(folder + "schedstat", thread.schedstat);
        }
    }

    [[nodiscard]] const TemporaryFolder& folder() const { return folder_; }
    [[nodiscard]] Root root() const { return Root::open(folder_.path()).value(); }

private:
    /// Started 500 s after boot, ran for 3 s.
    static std::string stat_line(int id, const std::string& name, char state, unsigned cpu)
    {
        return fmt::format(
            "{} ({}) {} 1 1 1 0 -1 0 0 0 0 0 200 100 0 0 20 0 4 0 50000 1 1 1 1 1 1 1 1 1 1 1 1 1 1 17 0 {} 0 0\n",
            id,
            name,
            state,
            cpu);
    }

    TemporaryFolder folder_;
};

}  // namespace kvmkit::testing
