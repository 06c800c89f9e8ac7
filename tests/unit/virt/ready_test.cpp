// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/boot_stages.hpp"
#include "virt/ready/banner.hpp"
#include "virt/ready/signs.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

using std::chrono::milliseconds;

/// A port of this machine on which one may listen.
class Listener {
public:
    Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* plain = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(socket_.get(), plain, size), 0);
        EXPECT_EQ(::getsockname(socket_.get(), plain, &size), 0);
        port_ = ntohs(address.sin_port);
    }
    void listen() const { EXPECT_EQ(::listen(socket_.get(), 4), 0); }
    [[nodiscard]] UniqueFd accept() const { return UniqueFd{::accept(socket_.get(), nullptr, nullptr)}; }
    [[nodiscard]] Address address() const { return {"127.0.0.1", port_, "", "test"}; }

private:
    UniqueFd socket_;
    std::uint16_t port_ = 0;
};

void look_until(BannerProbe& probe, const Address& address, const std::function<bool()>& done)
{
    const auto deadline = Deadline::after(std::chrono::seconds{10});
    while (!done() && !deadline.passed()) {
        probe.look(address);
        (void)::poll(nullptr, 0, 5);
    }
    EXPECT_TRUE(done());
}

TEST(BannerProbe, CallsAgainUntilSomebodyGreets)
{
    const Listener listener;
    BannerProbe probe;
    look_until(probe, listener.address(), [&] { return !probe.problem().empty(); });
    EXPECT_EQ(probe.problem(), "Connection refused");
    listener.listen();
    look_until(probe, listener.address(), [&] { return !probe.fds().empty(); });
    const UniqueFd server = listener.accept();
    const std::string greeting = "hello\r\nSSH-2.0-test\r\n";
    ASSERT_EQ(::send(server.get(), greeting.data(), greeting.size(), 0), static_cast<ssize_t>(greeting.size()));
    look_until(probe, listener.address(), [&] { return probe.banner().has_value(); });
    EXPECT_EQ(probe.banner(), "SSH-2.0-test");
}

TEST(BannerProbe, TellsOfAServerThatHangsUp)
{
    const Listener listener;
    listener.listen();
    BannerProbe probe;
    look_until(probe, listener.address(), [&] { return !probe.fds().empty(); });
    (void)listener.accept();
    look_until(probe, listener.address(), [&] { return !probe.problem().empty(); });
    EXPECT_EQ(probe.problem(), "it hung up without a greeting");
    EXPECT_FALSE(probe.banner());
}

TEST(BannerProbe, CallsAgainBesideACallThatNobodyAnswers)
{
    const Listener listener;
    listener.listen();
    BannerProbe probe;
    look_until(probe, listener.address(), [&] { return probe.fds().size() == 2; });
    const UniqueFd silent = listener.accept();
    const UniqueFd server = listener.accept();
    EXPECT_EQ(::send(server.get(), "SSH-2.0-late\r\n", 14, 0), 14);
    look_until(probe, listener.address(), [&] { return probe.banner().has_value(); });
    EXPECT_TRUE(probe.fds().empty());
    EXPECT_EQ(probe.problem(), "");
}

TEST(HostKeys, AreTheSameUnderAnyName)
{
    constexpr std::string_view known = "0123 ssh-ed25519 AAAAkey\n";
    EXPECT_TRUE(
        has_known_key("# 192.0.2.5:22 SSH-2.0\n192.0.2.5 ssh-rsa BBBB\n192.0.2.5 ssh-ed25519 AAAAkey\n", known));
    EXPECT_FALSE(has_known_key("192.0.2.5 ssh-ed25519 CCCC\n", known));
    EXPECT_FALSE(has_known_key("192.0.2.5 ssh-rsa AAAAkey\n", known)) << "of another type";
    EXPECT_FALSE(has_known_key("", known));
}

TEST(CloudInitSign, WaitsForItsLastWord)
{
    CloudInitSign sign;
    sign.hear("Cloud-init v. 22.4.2 running 'modules:final' at Sun, 01 Jan 2026\r\n");
    EXPECT_FALSE(sign.reached());
    EXPECT_NE(sign.evidence().front().find("modules:final"), std::string::npos);
    sign.hear("[   12.3] cloud-init[7]: Cloud-init v. 22.4.2 fini");
    sign.hear("shed at Sun, 01 Jan 2026. Datasource DataSourceNoCloud\n");
    EXPECT_TRUE(sign.reached());
}

TEST(BootStages, TellFirmwareKernelAndProgramsApart)
{
    BootStages stages;
    stages.feed("SeaBIOS (version 1.16)\nBooting from ROM..\n", milliseconds{100});
    EXPECT_FALSE(stages.kernel());
    stages.feed("[    0.000000] Linux version 6.1\n[    0.5", milliseconds{300});
    stages.feed("00000] Run /init as init process\n", milliseconds{900});
    EXPECT_EQ(stages.kernel(), milliseconds{300});
    EXPECT_FALSE(stages.init());
    stages.feed("Starting\n", milliseconds{1000});
    EXPECT_EQ(stages.init(), milliseconds{1000});
}

TEST(BootStages, ThatWereOverBeforeTheOneBeforeWasSeenTookNoTime)
{
    const auto stages =
        stages_of({.booted = milliseconds{900}, .address = milliseconds{700}, .ready = milliseconds{1000}});
    ASSERT_EQ(stages.size(), 3U);
    EXPECT_EQ(stages[1].name, "network");
    EXPECT_EQ(stages[1].took, milliseconds{0});
    EXPECT_EQ(stages[2].took, milliseconds{100});
}

TEST(BootStages, BecomeAWaterfallWithoutWhatWasNotSeen)
{
    const auto all =
        stages_of({.kernel = milliseconds{300}, .booted = milliseconds{1500}, .ready = milliseconds{1700}});
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].name, "firmware");
    EXPECT_EQ(all[1].name, "init");
    EXPECT_EQ(all[1].took, milliseconds{1200});
    EXPECT_EQ(all[2].took, milliseconds{200});
}

}  // namespace
}  // namespace kvmkit::virt
