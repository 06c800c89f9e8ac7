// SPDX-License-Identifier: Apache-2.0
#include "setup/service.hpp"

#include "base/unique_fd.hpp"
#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <thread>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using namespace std::chrono_literals;

/// Listens, and gives each caller one fixed answer.
class Listener {
public:
    explicit Listener(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(&address.sun_path[0], path.c_str(), sizeof address.sun_path - 1);
        EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(fd_.get(), 1), 0);
    }
    void answer(const std::string& bytes) const
    {
        const UniqueFd peer{::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        std::array<char, 28> call{};
        EXPECT_EQ(::read(peer.get(), call.data(), call.size()), 28);
        EXPECT_EQ(::write(peer.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }

private:
    UniqueFd fd_;
};

class LibvirtSocket : public ::testing::Test {
protected:
    /// Asks while somebody answers with these bytes.
    Result<void> ask(const std::string& bytes)
    {
        const Listener listener{path_};
        std::thread peer{[&] { listener.answer(bytes); }};
        auto result = ask_libvirt(path_, Deadline::after(5s));
        peer.join();
        return result;
    }

    testing::TemporaryFolder folder_;
    std::filesystem::path path_ = folder_.path() / "sock";
};

TEST_F(LibvirtSocket, ThatAnswersTheFirstQuestionIsLibvirt)
{
    const std::string reply{
        "\0\0\0\x24\x20\0\x80\x86\0\0\0\x01\0\0\0\x42\0\0\0\x01\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0", 36};
    EXPECT_TRUE(ask(reply));
}

TEST_F(LibvirtSocket, ThatAnswersOtherwiseIsNot)
{
    const auto other = ask("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message.find("what answers there is not libvirt"), std::string::npos);
}

TEST_F(LibvirtSocket, ThatClosesIsAFailure)
{
    const auto closed = ask("");
    ASSERT_FALSE(closed);
    EXPECT_NE(closed.error().message.find("the connection was closed"), std::string::npos);
}

TEST_F(LibvirtSocket, ThatNobodyAnswersEndsAtTheDeadline)
{
    const Listener silent{path_};
    const auto late = ask_libvirt(path_, Deadline::after(50ms));
    ASSERT_FALSE(late);
    EXPECT_NE(late.error().message.find("no answer in time"), std::string::npos);
}

TEST_F(LibvirtSocket, ThatIsNotThereSaysSo)
{
    const auto absent = ask_libvirt(path_, Deadline::after(1s));
    ASSERT_FALSE(absent);
    EXPECT_NE(absent.error().message.find("No such file or directory"), std::string::npos);
    EXPECT_FALSE(ask_libvirt(std::string(200, 'x'), Deadline::after(1s)));
}

TEST(QemuDriver, IsProvedByCapabilitiesOfItsOwn)
{
    const std::string ask = "virsh --quiet --connect qemu:///system capabilities";
    testing::FakeRunner without;
    without.answer(
        ask,
        {1,
         "",
         "error: failed to connect to the hypervisor\nerror: no connection driver available for qemu:///system\n"});
    const auto failed = prove_qemu_driver(without);
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message.find("no connection driver available for qemu:///system"), std::string::npos);
    testing::FakeRunner silent;
    silent.answer(ask, {0, "", ""});
    EXPECT_FALSE(prove_qemu_driver(silent));
    testing::FakeRunner with;
    with.answer(ask, {0, "<capabilities>\n</capabilities>\n", ""});
    EXPECT_TRUE(prove_qemu_driver(with));
}

TEST(Unit, IsReadFromSystemdsProperties)
{
    const auto unit = read_unit("LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nnoise\n");
    EXPECT_TRUE(unit.is_active());
    EXPECT_TRUE(unit.is_enabled());
    EXPECT_FALSE(read_unit("").is_active());
    EXPECT_FALSE(read_unit("LoadState=loaded\nActiveState=activating\nUnitFileState=static\n").is_enabled());
}

TEST(ModularDaemons, ComeWithFedoraSince35RhelSince9AndSuseSince156)
{
    const auto come = [](Family family, unsigned release) {
        return comes_modular({.id = "x", .version = {}, .name = {}, .suite = {}, .family = family, .release = release});
    };
    EXPECT_TRUE(come(Family::fedora, 3500));
    EXPECT_FALSE(come(Family::fedora, 3400));
    EXPECT_TRUE(come(Family::rhel, 900));
    EXPECT_FALSE(come(Family::rhel, 810));
    EXPECT_TRUE(come(Family::suse, 1506) && come(Family::suse, 0));
    EXPECT_FALSE(come(Family::suse, 1505));
    EXPECT_FALSE(come(Family::debian, 1300));
}

TEST(ServiceManager, IsSeenByWhatItLeavesInRun)
{
    const testing::TemporaryFolder folder;
    const auto root = Root::open(folder.path());
    EXPECT_EQ(detect_manager(*root), Manager::none);
    folder.write("run/openrc/softlevel", "");
    EXPECT_EQ(detect_manager(*root), Manager::openrc);
    folder.write("run/systemd/system/x", "");
    EXPECT_EQ(detect_manager(*root), Manager::systemd);
}

TEST(Policy, OfContainersForbidsStarts)
{
    const testing::TemporaryFolder folder;
    const auto root = Root::open(folder.path());
    testing::FakeRunner runner;
    EXPECT_TRUE(policy_allows_start(*root, runner, "libvirtd"));
    EXPECT_TRUE(runner.ran().empty());
    folder.write("usr/sbin/policy-rc.d", "");
    runner.answer("/usr/sbin/policy-rc.d libvirtd start", {101, "", ""});
    EXPECT_FALSE(policy_allows_start(*root, runner, "libvirtd"));
}

TEST(Service, OfAFolderIsNotAskedOfThisHost)
{
    const testing::TemporaryFolder folder;
    folder.write("run/systemd/system/x", "");
    const auto root = Root::open(folder.path());
    testing::FakeRunner runner;
    EXPECT_EQ(observe_service(*root, runner, {}).daemon, Daemon::unknown);
    EXPECT_TRUE(runner.ran().empty());
}

}  // namespace
}  // namespace kvmkit::setup
