// SPDX-License-Identifier: Apache-2.0
#include "base/deadline.hpp"
#include "support/temporary_folder.hpp"
#include "virt/console/device_lock.hpp"
#include "virt/console/terminal_console.hpp"
#include "virt/spec/live_console.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

using testing::TemporaryFolder;
namespace fs = std::filesystem;

constexpr std::string_view device = "/dev/pts/4095";

std::string text_of(const fs::path& path)
{
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// A pseudo-terminal as QEMU makes one: this is its end.
class Master {
public:
    Master() : fd_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC))
    {
        std::array<char, 64> name{};
        usable_ = fd_ && ::grantpt(fd_.get()) == 0 && ::unlockpt(fd_.get()) == 0 &&
                  ::ptsname_r(fd_.get(), name.data(), name.size()) == 0;
        device_ = name.data();
    }
    [[nodiscard]] bool usable() const { return usable_; }
    [[nodiscard]] std::string device() const { return device_; }
    void print(std::string_view text) const
    {
        EXPECT_EQ(::write(fd_.get(), text.data(), text.size()), std::ssize(text));
    }
    [[nodiscard]] std::string heard() const
    {
        std::array<char, 65536> bytes{};
        const ssize_t got = ::read(fd_.get(), bytes.data(), bytes.size());
        return {bytes.data(), static_cast<std::size_t>(got > 0 ? got : 0)};
    }
    void close() { fd_ = UniqueFd{}; }

private:
    UniqueFd fd_;
    std::string device_;
    bool usable_ = false;
};

bool speaks(const Console& console, int most_ms = 5000)
{
    pollfd wait{console.fd(), POLLIN, 0};
    return ::poll(&wait, 1, most_ms) == 1;
}

/// The pid of a process that has ended.
pid_t dead_process()
{
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    return child;
}

TEST(DeviceLock, IsAFileWithThePidOfItsHolderWhileItIsHeld)
{
    const TemporaryFolder folder;
    const auto path = folder.path() / "LCK.._pts_4095";
    {
        const auto lock = DeviceLock::take(device, "cannot open", folder.path());
        ASSERT_TRUE(lock);
        EXPECT_EQ(text_of(path), fmt::format("{:>10}\n", ::getpid()));
        const auto second = DeviceLock::take(device, "cannot open it", folder.path());
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, ErrorCode::busy);
        EXPECT_EQ(second.error().message, fmt::format("cannot open it: process {} has it open", ::getpid()));
    }
    EXPECT_FALSE(fs::exists(path));
}

TEST(DeviceLock, OfADeadProcessOrWithoutOneIsTakenOver)
{
    for (const std::string& content : {fmt::format("{:>10}\n", dead_process()), std::string{"nobody\n"}}) {
        const TemporaryFolder folder;
        folder.write("LCK.._pts_4095", content);
        EXPECT_TRUE(DeviceLock::take(device, "cannot open", folder.path())) << content;
    }
}

TEST(DeviceLock, IsDoneWithoutWhereItCannotBe)
{
    const TemporaryFolder folder;
    EXPECT_TRUE(DeviceLock::take(device, "cannot open", folder.path() / "none"));
}

TEST(TerminalConsole, TakesWhatIsPrintedAndTypesWhatIsSent)
{
    const Master master;
    if (!master.usable()) {
        GTEST_SKIP() << "no pseudo-terminals here";
    }
    const auto console = TerminalConsole::open({master.device(), master.device()}, "cannot open");
    ASSERT_TRUE(console) << console.error().message;
    master.print("hello\r\n");
    ASSERT_TRUE(speaks(**console));
    EXPECT_EQ((*console)->take(), "hello\r\n");
    EXPECT_EQ((*console)->take(), "");
    EXPECT_FALSE((*console)->ended());
    (*console)->send("root\n");
    const auto deadline = Deadline::after(std::chrono::seconds{10});
    std::string heard;
    while (heard.size() < 5 && !deadline.passed()) {
        heard += master.heard();
    }
    EXPECT_EQ(heard, "root\n");
}

TEST(TerminalConsole, KeepsWhatTheGuestDoesNotReadAtOnce)
{
    const Master master;
    if (!master.usable()) {
        GTEST_SKIP() << "no pseudo-terminals here";
    }
    const auto console = TerminalConsole::open({master.device(), master.device()}, "cannot open");
    ASSERT_TRUE(console) << console.error().message;
    const std::string pasted(100'000, 'x');
    (*console)->send(pasted);
    std::string heard = master.heard();
    EXPECT_LT(heard.size(), pasted.size());
    const auto deadline = Deadline::after(std::chrono::seconds{10});
    while (heard.size() < pasted.size() && !deadline.passed()) {
        if (speaks(**console, 10)) {
            EXPECT_EQ((*console)->take(), "");
        }
        heard += master.heard();
    }
    EXPECT_EQ(heard, pasted);
    EXPECT_FALSE(speaks(**console, 10)) << "it is asked for room though nothing is left to send";
}

TEST(TerminalConsole, EndsWithTheOtherEnd)
{
    Master master;
    if (!master.usable()) {
        GTEST_SKIP() << "no pseudo-terminals here";
    }
    const auto console = TerminalConsole::open({master.device(), master.device()}, "cannot open");
    ASSERT_TRUE(console) << console.error().message;
    master.close();
    ASSERT_TRUE(speaks(**console));
    EXPECT_EQ((*console)->take(), "");
    EXPECT_TRUE((*console)->ended());
}

TEST(TerminalConsole, IsRefusedWhereThePathLeadsElsewhere)
{
    const Master master;
    if (!master.usable()) {
        GTEST_SKIP() << "no pseudo-terminals here";
    }
    for (const auto& [path, name] : {std::pair{master.device(), std::string{device}},
                                     std::pair{std::string{"/dev/null"}, master.device()},
                                     std::pair{master.device(), std::string{"/dev/ttyS0"}}}) {
        const auto console = TerminalConsole::open({path, name}, "cannot open");
        ASSERT_FALSE(console) << path << " as " << name;
        EXPECT_EQ(console.error().code, ErrorCode::unsupported);
    }
    EXPECT_EQ(TerminalConsole::open({"/dev/pts/none", "/dev/pts/none"}, "cannot open").error().code,
              ErrorCode::not_found);
}

TEST(LiveConsole, HasTheTerminalOfTheFirstConsoleOrSerialPort)
{
    const auto in = [](std::string_view devices) {
        return console_terminal_in(fmt::format("<domain><devices>{}</devices></domain>", devices));
    };
    EXPECT_EQ(in("<serial type='pty'><source path='/dev/pts/7'/></serial>"
                 "<console type='pty' tty='/dev/pts/3'><source path='/dev/pts/3'/></console>"),
              "/dev/pts/3");
    EXPECT_EQ(in("<serial type='pty'><source path='/dev/pts/7'/></serial>"), "/dev/pts/7");
    EXPECT_EQ(in("<console type='pty'/>"), std::nullopt);
    EXPECT_EQ(in("<console type='unix'><source mode='bind' path='/run/x'/></console>"), std::nullopt);
    EXPECT_EQ(in("<console type='pty'><source path='/dev/sda'/></console>"), std::nullopt);
    EXPECT_EQ(in(""), std::nullopt);
    EXPECT_EQ(console_terminal_in("no xml"), std::nullopt);
}

}  // namespace
}  // namespace kvmkit::virt
