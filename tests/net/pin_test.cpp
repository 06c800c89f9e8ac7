// SPDX-License-Identifier: Apache-2.0
#include "net/handover/pin.hpp"
#include "support/private_netns.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace kvmkit::net {
namespace {

class PinTest : public testing::PrivateNetns {
protected:
    void SetUp() override
    {
        PrivateNetns::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        for (const auto* const words : {"link add br0 type bridge",
                                        "link add p0 type veth peer name p1",
                                        "link set br0 up",
                                        "link set p1 up",
                                        "link set p0 master br0 up"}) {
            ip(words);
        }
    }

    /// As a list of links says it: the kernel makes up its mind first where it is asked for one link.
    static bool says(const std::string& flag)
    {
        const auto flags = ip_json("link show type bridge").at(0).at("flags").get<std::vector<std::string>>();
        return std::ranges::find(flags, flag) != flags.end();
    }

    static bool counts_as_running() { return !says("NO-CARRIER"); }

    static bool waits_until(bool running)
    {
        for (int tries = 0; tries < 200; ++tries) {
            if (counts_as_running() == running) {
                return true;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        return false;
    }

    /// The kernel tells of a carrier up to a second after it went, and not twice within one.
    static bool loses_its_port_unnoticed()
    {
        for (int tries = 0; tries < 10; ++tries) {
            ip("link set p0 master br0");
            if (!waits_until(true)) {
                return false;
            }
            ip("link set p0 nomaster");
            if (counts_as_running() && !says("LOWER_UP")) {
                return true;
            }
        }
        return false;
    }
};

TEST_F(PinTest, ABridgeThatHasJustLostItsPortDoesNotRun)
{
    auto channel = Channel::open();
    ASSERT_TRUE(channel) << channel.error().message;
    const Holder bridge{ip_link("br0").at("ifindex").get<int>(), "br0"};
    ASSERT_TRUE(loses_its_port_unnoticed());
    {
        const auto pin = Pin::hold(*channel, bridge);
        ASSERT_TRUE(pin) << pin.error().message;
        EXPECT_TRUE(says("LOWER_UP"));
        ip("neigh add proxy 192.0.2.77 dev br0");
        std::this_thread::sleep_for(std::chrono::milliseconds{1200});  // the kernel has told everybody by now
        EXPECT_TRUE(counts_as_running());
        EXPECT_EQ(ip_json("neigh show proxy dev br0").size(), 1U);
    }
    EXPECT_TRUE(waits_until(false)) << "the pin is gone";
}

TEST_F(PinTest, ABridgeThatRunsGetsNone)
{
    ASSERT_TRUE(waits_until(true));
    auto channel = Channel::open();
    ASSERT_TRUE(channel) << channel.error().message;
    const Holder bridge{ip_link("br0").at("ifindex").get<int>(), "br0"};
    const auto pin = Pin::hold(*channel, bridge);
    ASSERT_TRUE(pin) << pin.error().message;
    EXPECT_EQ(ip_json("link show master br0").size(), 1U);
}

}  // namespace
}  // namespace kvmkit::net
