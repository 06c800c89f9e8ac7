// SPDX-License-Identifier: Apache-2.0
#include "net/proof/proof.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

/// Listens on a port of its own on the loopback link.
class ProofTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        sockaddr_in own{};
        own.sin_family = AF_INET;
        own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(own);
        auto* const where = reinterpret_cast<sockaddr*>(&own);
        ASSERT_EQ(::bind(listener_, where, size), 0);
        ASSERT_EQ(::listen(listener_, 1), 0);
        ASSERT_EQ(::getsockname(listener_, where, &size), 0);
        ASSERT_EQ(::connect(client_, where, size), 0);
        server_ = ::accept(listener_, nullptr, nullptr);
        port_ = ntohs(own.sin_port);
        ASSERT_EQ(::getsockname(client_, where, &size), 0);
        client_port_ = ntohs(own.sin_port);
    }

    void TearDown() override
    {
        for (const int fd : {listener_, client_, server_}) {
            ::close(fd);
        }
    }

    static Deadline soon() { return Deadline::after(std::chrono::milliseconds{500}); }

    int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int server_ = -1;
    int port_ = 0;
    int client_port_ = 0;
};

TEST_F(ProofTest, AProbeOfAPortHoldsWhereSomebodyListens)
{
    const auto url = "tcp://127.0.0.1:" + std::to_string(port_);
    const auto probe = probe_proof(url);
    ASSERT_TRUE(probe) << probe.error().message;
    EXPECT_EQ(probe->name, url + " answers");
    EXPECT_TRUE(probe->holds(soon()));
    const auto nobody = probe_proof("tcp://127.0.0.1:" + std::to_string(client_port_));
    EXPECT_FALSE(nobody->holds(soon()));
}

TEST_F(ProofTest, AProbeThatIsNoneIsAUsageError)
{
    for (const auto* url : {"",
                            "tcp://",
                            "tcp://127.0.0.1",
                            "tcp://127.0.0.1:0",
                            "tcp://127.0.0.1:99999",
                            "udp://127.0.0.1:1",
                            "icmp://example.org",
                            "icmp://127.0.0.1:1",
                            "tcp://[::1:22",
                            "127.0.0.1"}) {
        const auto probe = probe_proof(url);
        ASSERT_FALSE(probe) << url;
        EXPECT_EQ(probe.error().code, ErrorCode::usage) << url;
    }
    EXPECT_TRUE(probe_proof("tcp://[::1]:22"));
    EXPECT_TRUE(probe_proof("icmp://[2001:db8::1]"));
}

TEST_F(ProofTest, AConnectionHoldsOnceWhatWasWrittenIsAcknowledged)
{
    const auto connection = "127.0.0.1 " + std::to_string(client_port_) + " 127.0.0.1 " + std::to_string(port_);
    ::usleep(30'000);  // so that the handshake's acknowledgement is old
    const auto silent = ssh_proof(connection, [] {});
    ASSERT_TRUE(silent);
    EXPECT_EQ(silent->name, "your connection from 127.0.0.1 answers");
    EXPECT_FALSE(silent->holds(Deadline::after(std::chrono::milliseconds{100})));
    const auto written = ssh_proof(connection, [this] { (void)!::write(server_, "x", 1); });
    EXPECT_TRUE(written->holds(soon()));
}

TEST_F(ProofTest, AConnectionThatIsNotHereOrNoneAtAllProvesNothing)
{
    EXPECT_FALSE(ssh_proof("127.0.0.1 1 127.0.0.1 2", [] {})->holds(soon()));
    for (const auto* text : {"", "127.0.0.1 1 127.0.0.1", "127.0.0.1 x 127.0.0.1 2", "a 1 b 2 c"}) {
        EXPECT_FALSE(ssh_proof(text, [] {})) << text;
    }
}

TEST(Ask, TellsThoseThatHoldFromThoseThatDoNot)
{
    const auto proven = ask({{"yes", [](Deadline) { return true; }}, {"no", [](Deadline) { return false; }}},
                            std::chrono::milliseconds{1});
    ASSERT_EQ(proven.holding.size(), 1U);
    EXPECT_EQ(proven.holding.front().name, "yes");
    EXPECT_EQ(proven.failing, std::vector<std::string>{"no"});
}

}  // namespace
}  // namespace kvmkit::net
