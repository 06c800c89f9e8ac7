// SPDX-License-Identifier: Apache-2.0
#include "net/change.hpp"

#include "base/deadline.hpp"
#include "net/domain.hpp"
#include "net/recovery.hpp"
#include "support/private_netns.hpp"
#include "support/temporary_folder.hpp"
#include "txn/journal.hpp"
#include "txn/lock.hpp"

#include <sys/wait.h>

#include <csignal>
#include <thread>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

LinkName name(const std::string& text)
{
    return LinkName::from_kernel(text);
}

/// Each test changes the links of a kernel that holds nothing but lo, p0 and its other end.
class ChangeTest : public testing::PrivateNetns {
protected:
    void SetUp() override
    {
        PrivateNetns::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        ip("link add p0 type veth peer name p1");
        ip("link set p1 up");
        here_ = *current_namespace();
    }

    static Planner adding(const BridgeSpec& spec)
    {
        return [spec, birthmark = *new_birthmark()](const Network& network) {
            return plan_bridge_add(network, spec, birthmark);
        };
    }

    static Planner removing(const std::string& bridge)
    {
        return [bridge](const Network& network) { return plan_bridge_del(network, {name(bridge)}); };
    }

    Result<Change> run(const Planner& planner, std::function<void(const std::string&)> announce = {})
    {
        auto route = RouteSocket::open();
        const Talk talk{.announce = announce ? std::move(announce) : [](const std::string&) {},
                        .warn = [this](const std::string& sentence) { warnings_.push_back(sentence); },
                        .interrupted = [this] { return interrupted_; }};
        return carry_out(*route, {"net-setup test", places_, here_, std::chrono::seconds{3}}, planner, talk);
    }

    /// Runs it in a child with the fault hook set; returns how the child ended.
    int run_with_fault(const std::string& fault, const Planner& planner)
    {
        const pid_t child = ::fork();
        if (child == 0) {
            ::setenv("KVMKIT_FAULT", fault.c_str(), 1);
            const auto done = run(planner);
            ::_exit(done ? 0 : static_cast<int>(done.error().code) + 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return status;
    }

    /// What ip(8) says of each link, without what changes by itself.
    static std::string world()
    {
        std::string text;
        for (const auto& link : ip_json("-d addr show")) {
            text += fmt::format("{} {} {} {} up={} mtu={} master={} group={}",
                                link.at("ifname").get<std::string>(),
                                link.contains("linkinfo") ? link["linkinfo"].value("info_kind", "") : "",
                                link.value("address", ""),
                                link.value("link_type", ""),
                                link.at("flags").dump().find("\"UP\"") != std::string::npos,
                                link.at("mtu").dump(),
                                link.value("master", "none"),
                                link.value("group", ""));
            for (const auto& address : link.at("addr_info")) {
                if (address.at("scope") != "link") {
                    text += fmt::format(" {}/{}", address.at("local").get<std::string>(), address["prefixlen"].dump());
                }
            }
            text += '\n';
        }
        return text;
    }

    /// The kernel settles a link's state up to a second after it works, later on a slow host.
    static bool comes_up(const std::string& link)
    {
        const auto deadline = Deadline::after(std::chrono::seconds{10});
        while (ip_link(link).at("operstate") != "UP" && !deadline.passed()) {
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        return ip_link(link).at("operstate") == "UP";
    }

    /// What the next run does first, once the watchdog of the killed one is done.
    ::testing::AssertionResult recovers()
    {
        const auto deadline = Deadline::after(std::chrono::seconds{10});
        auto done = run(removing("no-such-bridge"));
        while (!done && done.error().code == ErrorCode::locked && !deadline.passed()) {
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
            done = run(removing("no-such-bridge"));
        }
        return done ? ::testing::AssertionSuccess() : ::testing::AssertionFailure() << done.error().message;
    }

    testing::TemporaryFolder folder_;
    txn::Places places_{folder_.path() / "state", folder_.path() / "run"};
    NetNamespace here_;
    std::vector<std::string> warnings_;
    bool interrupted_ = false;
    const BridgeSpec full_{name("br0"), {name("p0")}, {*InterfaceAddress::parse("192.0.2.1/24")}, 1400};
};

TEST_F(ChangeTest, ApplyingThePlanLeavesNothingToDo)
{
    const auto first = run(adding(full_));
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(first->steps.size(), 6U);
    EXPECT_FALSE(first->transaction.empty());
    EXPECT_TRUE(comes_up("br0"));
    const auto bridge = ip_link("br0");
    EXPECT_EQ(bridge.at("group"), "default");
    EXPECT_EQ(bridge.at("mtu"), 1400);
    EXPECT_EQ(bridge.at("address"), ip_link("p0").at("address"));
    EXPECT_EQ(ip_link("p0").at("master"), "br0");

    const auto before = world();
    const auto second = run(adding(full_));
    ASSERT_TRUE(second);
    EXPECT_TRUE(second->steps.empty());
    EXPECT_TRUE(second->transaction.empty());
    EXPECT_EQ(world(), before);
}

TEST_F(ChangeTest, ADeletedBridgeLeavesItsPortsUpAndFree)
{
    ASSERT_TRUE(run(adding(full_)));
    const auto done = run(removing("br0"));
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_TRUE(ip_link("br0").is_null());
    EXPECT_FALSE(ip_link("p0").contains("master"));
    EXPECT_NE(ip_link("p0").at("flags").dump().find("\"UP\""), std::string::npos);
    EXPECT_TRUE(run(removing("br0"))->steps.empty());
}

TEST_F(ChangeTest, AFailureBeforeOrAfterAnyStepLeavesTheWorldAsItWas)
{
    const auto before = world();
    for (int step = 0; step < 6; ++step) {
        for (const auto* moment : {"before", "after"}) {
            const auto fault = fmt::format("fail:{}:{}", moment, step);
            EXPECT_NE(run_with_fault(fault, adding(full_)), 0) << fault;
            EXPECT_EQ(world(), before) << fault;
        }
    }
    EXPECT_TRUE(warnings_.empty());
}

TEST_F(ChangeTest, AKillBeforeOrAfterAnyStepIsUndoneByTheNextRun)
{
    const auto before = world();
    for (int step = 0; step < 6; ++step) {
        for (const auto* moment : {"before", "after"}) {
            const auto fault = fmt::format("kill:{}:{}", moment, step);
            const int status = run_with_fault(fault, adding(full_));
            ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << fault;
            warnings_.clear();
            ASSERT_TRUE(run(removing("no-such-bridge"))) << fault;
            EXPECT_EQ(world(), before) << fault;
            ASSERT_EQ(warnings_.size(), 1U) << fault;
            EXPECT_NE(warnings_[0].find("which an earlier run did not end"), std::string::npos);
        }
    }
}

TEST_F(ChangeTest, AKilledOrFailedRemovalBringsTheBridgeBack)
{
    ip("link add br0 address 02:00:00:00:00:05 type bridge forward_delay 700 ageing_time 12300");
    ip("link set p0 master br0 up");
    ip("link set br0 up");
    ip("addr add 192.0.2.1/24 dev br0");
    ip("addr add 192.0.2.2/24 dev br0");
    const auto settings = ip_link("br0").at("linkinfo").at("info_data");
    const auto before = world();
    for (int step = 0; step < 5; ++step) {
        for (const auto* fault : {"fail:before", "fail:after", "kill:before", "kill:after"}) {
            const auto order = fmt::format("{}:{}", fault, step);
            ASSERT_NE(run_with_fault(order, removing("br0")), 0) << order;
            ASSERT_TRUE(recovers());
            EXPECT_EQ(world(), before) << order;
            for (const auto* setting : {"forward_delay", "ageing_time", "stp_state", "priority"}) {
                EXPECT_EQ(ip_link("br0").at("linkinfo").at("info_data").at(setting), settings.at(setting)) << order;
            }
        }
    }
}

TEST_F(ChangeTest, RecoveryTouchesNoLinkThatOthersMadeOrChangedSince)
{
    // Killed after creating br0; then the administrator deletes it, and makes one of his own of that name.
    run_with_fault("kill:after:0", adding({name("br0")}));
    ip("link del br0");
    ip("link add br0 type bridge");
    ASSERT_TRUE(recovers());
    EXPECT_FALSE(ip_link("br0").is_null());

    // Killed after switching the port up; then he takes the port out of our bridge and uses it.
    ip("link del br0");
    run_with_fault("kill:after:2", adding(full_));
    ip("link set p0 nomaster");
    ip("addr add 198.51.100.1/24 dev p0");
    ASSERT_TRUE(recovers());
    EXPECT_TRUE(ip_link("br0").is_null());
    EXPECT_NE(ip_link("p0").at("flags").dump().find("\"UP\""), std::string::npos);
}

TEST_F(ChangeTest, RecoveryUndoesOnlyInTheSameNetworkNamespace)
{
    run_with_fault("kill:after:1", adding(full_));
    const auto left = world();
    ASSERT_FALSE(ip_link("br0").is_null());
    const NetNamespace first = here_;

    here_ = {{}, first.device, first.inode + 1};
    ASSERT_TRUE(recovers());
    EXPECT_EQ(world(), left);
    ASSERT_EQ(warnings_.size(), 1U);
    EXPECT_EQ(warnings_[0],
              fmt::format("an earlier run ('net-setup test') was killed half-way; what it made can only be undone in "
                          "another network namespace (net:[{}])",
                          first.inode));
    here_ = first;
    ASSERT_TRUE(recovers());
    EXPECT_TRUE(ip_link("br0").is_null());
}

TEST_F(ChangeTest, ABridgeThatDoesNotStayAsWantedIsRolledBack)
{
    const auto before = world();
    const auto done = run(adding(full_), [](const std::string& step) {
        if (step == "switch br0 up") {
            ip("link set p0 nomaster");  // another program has its own idea of p0
        }
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::rolled_back);
    EXPECT_EQ(done.error().message, "cannot keep the change: 'attach p0 to br0' is still, or again, to be done");
    ip("link set p0 down");  // it left our bridge: what it is since then is not ours to undo
    EXPECT_EQ(world(), before);
}

TEST_F(ChangeTest, AnInterruptionRollsBack)
{
    const auto before = world();
    for (const auto* last : {"attach p0 to br0", "switch br0 up"}) {
        interrupted_ = false;
        const auto done = run(adding(full_), [&](const std::string& step) { interrupted_ = step == last; });
        ASSERT_FALSE(done) << last;
        EXPECT_EQ(done.error().code, ErrorCode::interrupted);
        EXPECT_EQ(world(), before) << last;
    }
}

TEST_F(ChangeTest, WhatCannotBeUndoneIsNamed)
{
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv("KVMKIT_FAULT", "fail:undo:0", 1);
        interrupted_ = false;
        const auto done =
            run(adding(full_), [&](const std::string& step) { interrupted_ = interrupted_ || step == "switch p0 up"; });
        const bool named = !done && done.error().code == ErrorCode::damaged &&
                           done.error().message.find("create bridge br0") != std::string::npos;
        ::_exit(named ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    // The next run makes good for it.
    ASSERT_TRUE(recovers());
    EXPECT_TRUE(ip_link("br0").is_null());
}

TEST_F(ChangeTest, ASecondInstanceIsKeptOutAndToldWho)
{
    const auto lock = txn::Lock::acquire(places_, "lock", "host-setup apply");
    ASSERT_TRUE(lock);
    const auto before = world();
    const auto done = run(adding(full_));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::locked);
    EXPECT_EQ(done.error().message.find(
                  fmt::format("another instance is at work: pid {} ('host-setup apply'), for ", ::getpid())),
              0U);
    EXPECT_EQ(world(), before);
}

TEST_F(ChangeTest, ARefusedPlanBeginsNoTransaction)
{
    ip("addr add 192.0.2.9/24 dev p0");
    const auto before = world();
    const auto done = run(adding({name("br0"), {name("p0")}}));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::refused);
    EXPECT_EQ(world(), before);
    EXPECT_FALSE(std::filesystem::exists(places_.state / "txn"));
}

}  // namespace
}  // namespace kvmkit::net
