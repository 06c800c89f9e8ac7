// SPDX-License-Identifier: Apache-2.0
#include "setup/host.hpp"

#include "setup/apt_locks.hpp"
#include "setup/space.hpp"
#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using namespace std::chrono_literals;

const std::string dpkg_status =
    "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.21\n\n"
    "Package: vlan\nStatus: install ok installed\nArchitecture: all\nVersion: 2.0.5\n\n";

TEST(Observation, OfARecordedHostRunsNoProgram)
{
    const testing::TemporaryFolder folder;
    folder.write("etc/os-release", "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\nPRETTY_NAME=x\n");
    folder.write("var/lib/dpkg/status", dpkg_status);
    folder.write("etc/group", "root:x:0:\nkvm:x:109:me\n");
    folder.write("dev/kvm", "a plain file");
    folder.write("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu svm lm\n");
    const auto root = Root::open(folder.path());
    testing::FakeRunner runner;
    const auto host = observe(*root, runner);
    ASSERT_TRUE(host) << host.error().message;
    EXPECT_FALSE(host->live);
    EXPECT_EQ(host->architecture, "amd64");
    EXPECT_EQ(host->device.kvm_group, 109U);
    EXPECT_FALSE(host->device.present) << "a plain file is no device";
    EXPECT_EQ(host->module.name, "kvm_amd");
    EXPECT_EQ(host->missing().size(), host->needs.size() - 1);
    EXPECT_EQ(host->needs.back().package, "kmod") << "a module is to be loaded and there is no modprobe";
    EXPECT_TRUE(runner.ran().empty());
}

TEST(Observation, NeedsADistributionAndADatabase)
{
    const testing::TemporaryFolder folder;
    const auto root = Root::open(folder.path());
    testing::FakeRunner runner;
    EXPECT_EQ(observe(*root, runner).error().code, ErrorCode::refused);
    folder.write("etc/os-release", "ID=debian\nVERSION_ID=12\n");
    EXPECT_EQ(observe(*root, runner).error().code, ErrorCode::not_found);
    folder.write("var/lib/dpkg/status", "");
    EXPECT_EQ(observe(*root, runner).error().code, ErrorCode::refused) << "no architecture";
}

/// A child that holds an fcntl lock on a file until it is killed.
class Holder {
public:
    explicit Holder(const std::filesystem::path& path)
    {
        std::array<int, 2> ready{};
        EXPECT_EQ(::pipe(ready.data()), 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            const int fd = ::open(path.c_str(), O_RDWR | O_CREAT, 0640);
            struct flock lock {};
            lock.l_type = F_WRLCK;
            (void)::fcntl(fd, F_SETLK, &lock);
            (void)!::write(ready[1], "x", 1);
            ::pause();
            ::_exit(0);
        }
        char byte = 0;
        EXPECT_EQ(::read(ready[0], &byte, 1), 1);
        (void)::close(ready[0]);
        (void)::close(ready[1]);
    }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder() { end(); }
    void end()
    {
        if (pid_ > 0) {
            (void)::kill(pid_, SIGKILL);
            (void)::waitpid(pid_, nullptr, 0);
            pid_ = 0;
        }
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    pid_t pid_ = 0;
};

class AptLocks : public ::testing::Test {
protected:
    void SetUp() override { folder_.write("var/lib/apt/lists/lock", ""); }
    testing::TemporaryFolder folder_;
    std::filesystem::path path_ = folder_.path() / "var/lib/apt/lists/lock";
};

TEST_F(AptLocks, ThatAreFreeOrMissingAreNotWaitedFor)
{
    EXPECT_TRUE(wait_for_locks(folder_.path(), 0s, {}));
}

TEST_F(AptLocks, ThatAreHeldNameTheirHolder)
{
    const Holder holder{path_};
    const auto found = find_lock_holder(folder_.path());
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->pid, holder.pid());
    EXPECT_FALSE((*found)->command.empty());
    EXPECT_TRUE((*found)->age);
    const auto late = wait_for_locks(folder_.path(), 0s, {});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::timeout);
    EXPECT_NE(late.error().message.find("is held by pid " + std::to_string(holder.pid())), std::string::npos);
    EXPECT_EQ(::kill(holder.pid(), 0), 0) << "the holder was killed";
}

TEST_F(AptLocks, AreWaitedForUntilTheyAreDropped)
{
    Holder holder{path_};
    int notes = 0;
    const LockWatch watch{.waiting = [&](const LockHolder&, std::chrono::seconds) {
        ++notes;
        holder.end();
    }};
    EXPECT_TRUE(wait_for_locks(folder_.path(), 30s, watch));
    EXPECT_EQ(notes, 1);
}

TEST_F(AptLocks, WaitEndsWhenInterrupted)
{
    const Holder holder{path_};
    const auto stopped = wait_for_locks(folder_.path(), 30s, {.interrupted = [] { return true; }});
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::interrupted);
}

TEST(Space, IsCheckedForDownloadsAndPackagesTogether)
{
    const testing::TemporaryFolder folder;
    folder.write("usr/x", "");
    folder.write("var/cache/apt/archives/x", "");
    EXPECT_TRUE(check_space(folder.path(), {.download = Bytes::of(1), .disk = Bytes::of(1)}));
    const auto huge = Bytes::of(std::uint64_t{1} << 62U);
    const auto refused = check_space(folder.path(), {.disk = huge});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_FALSE(check_space(folder.path(), {.download = huge}));
}

}  // namespace
}  // namespace kvmkit::setup
