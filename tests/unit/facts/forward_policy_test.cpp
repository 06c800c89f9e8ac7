// SPDX-License-Identifier: Apache-2.0
#include "probe/forward_policy.hpp"

#include "support/fake_runner.hpp"

#include <unistd.h>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

std::string chains(const std::string& family, const std::string& hook, const std::string& policy)
{
    return R"({"nftables": [{"metainfo": {"version": "1.0.6"}}, {"chain": {"family": ")" + family +
           R"(", "table": "filter", "name": "FORWARD", "handle": 2, "type": "filter", "hook": ")" + hook +
           R"(", "prio": 0, "policy": ")" + policy + R"("}}, {"chain": {"family": "ip", "name": "DOCKER-USER"}}]})";
}

TEST(NftChains, TellThePolicyOfWhatIsForwarded)
{
    EXPECT_EQ(*parse_nft_chains(chains("ip", "forward", "drop"), IpFamily::v4), "drop");
    EXPECT_EQ(*parse_nft_chains(chains("inet", "forward", "accept"), IpFamily::v4), "accept");
    EXPECT_FALSE(*parse_nft_chains(chains("ip6", "forward", "drop"), IpFamily::v4));
    EXPECT_FALSE(*parse_nft_chains(chains("ip", "input", "drop"), IpFamily::v4));
    EXPECT_EQ(*parse_nft_chains(chains("ip6", "forward", "drop"), IpFamily::v6), "drop");
    EXPECT_EQ(*parse_nft_chains(chains("inet", "forward", "drop"), IpFamily::v6), "drop");
    EXPECT_FALSE(*parse_nft_chains(chains("ip", "forward", "drop"), IpFamily::v6));
    EXPECT_FALSE(*parse_nft_chains(R"({"nftables": []})", IpFamily::v4));
}

TEST(NftChains, ThatAreRubbishAreAnError)
{
    for (const auto* text : {"",
                             "table ip filter",
                             "[]",
                             R"({"nftables": 1})",
                             R"({"nftables": [{"chain": 7}]})",
                             R"({"nftables": [{"chain": {"family": 2}}]})",
                             "{\"nftables\": [\"\xff\"]}"}) {
        const auto policy = parse_nft_chains(text, IpFamily::v4);
        EXPECT_TRUE(!policy || !*policy) << text;
    }
    EXPECT_FALSE(parse_nft_chains("table ip filter", IpFamily::v4));
}

TEST(IptablesPolicy, IsItsFirstLine)
{
    EXPECT_EQ(parse_iptables_policy("-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n"), "drop");
    EXPECT_EQ(parse_iptables_policy("-P FORWARD ACCEPT\n"), "accept");
    EXPECT_FALSE(parse_iptables_policy("-A FORWARD -j DROP\n"));
    EXPECT_FALSE(parse_iptables_policy(""));
}

class ForwardPolicy : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "only root is answered";
        }
        add_file(tree_, "proc/modules", "");
        add_file(tree_, "proc/sys/kernel/osrelease", "6.1.0\n");
        add_file(tree_, "lib/modules/6.1.0/modules.dep", "kernel/net/netfilter/nf_tables.ko:\n");
    }

    Fact<std::string> ask(IpFamily family = IpFamily::v4)
    {
        return ask_forward_policy(Root::of(tree_), runner_, Deadline::after(std::chrono::seconds{5}), family);
    }

    FileTree tree_;
    testing::FakeRunner runner_;
};

TEST_F(ForwardPolicy, IsToAcceptWhereNothingIsLoadedThatDrops)
{
    EXPECT_EQ(*ask(), "accept");
    EXPECT_TRUE(runner_.ran().empty());
}

TEST_F(ForwardPolicy, IsThatOfTheStricterOfBothKinds)
{
    add_directory(tree_, "sys/module/nf_tables");
    add_file(tree_, "proc/net/ip_tables_names", "nat\nfilter\n");
    runner_.answer("nft -j list chains", {0, chains("ip", "forward", "accept"), ""});
    runner_.answer("iptables-legacy -S FORWARD", {0, "-P FORWARD DROP\n", ""});
    EXPECT_EQ(*ask(), "drop");
}

TEST_F(ForwardPolicy, OfIpv6IsAskedOfItsOwnPrograms)
{
    add_directory(tree_, "sys/module/nf_tables");
    add_file(tree_, "proc/net/ip6_tables_names", "filter\n");
    runner_.answer("nft -j list chains", {0, chains("ip", "forward", "drop"), ""});
    runner_.answer("ip6tables-legacy -S FORWARD", {0, "-P FORWARD ACCEPT\n", ""});
    EXPECT_EQ(*ask(IpFamily::v6), "accept");
    EXPECT_EQ(*ask(IpFamily::v4), "drop");
}

TEST_F(ForwardPolicy, OfBridgesIsThatOfIpv6WhereItAloneDrops)
{
    add_directory(tree_, "sys/module/nf_tables");
    runner_.answer("nft -j list chains", {0, chains("ip6", "forward", "drop"), ""});
    const auto ask = [this] {
        return ask_bridged_policy(Root::of(tree_), runner_, Deadline::after(std::chrono::seconds{5}));
    };
    EXPECT_EQ(*ask(), "accept");  // the firewall does not see bridged IPv6
    add_file(tree_, "proc/sys/net/bridge/bridge-nf-call-ip6tables", "1\n");
    EXPECT_EQ(*ask(), "drop-ipv6");
}

/// A host without the program nft, where iptables-nft is what made the rules.
class WithoutNft final : public Runner {
public:
    explicit WithoutNft(std::string rules) : rules_(std::move(rules)) {}

    Result<Completed> run(const ChildCommand& command) override
    {
        const auto& name = command.argv.front();
        return name == "iptables-nft" ? Result<Completed>{Completed{0, rules_, ""}}
                                      : Error{ErrorCode::not_found, "cannot run '" + name + "': No such file"};
    }

private:
    std::string rules_;
};

TEST_F(ForwardPolicy, IsKnownToDropAlsoWhereOnlyIptablesIsInstalled)
{
    add_directory(tree_, "sys/module/nf_tables");
    const auto with_rules = [this](const char* rules) {
        WithoutNft runner{rules};
        return ask_forward_policy(Root::of(tree_), runner, Deadline::after(std::chrono::seconds{5}), IpFamily::v4);
    };
    EXPECT_EQ(*with_rules("-P FORWARD DROP\n"), "drop");
    const auto accepting = with_rules("-P FORWARD ACCEPT\n");  // other tables may drop
    ASSERT_FALSE(accepting);
    EXPECT_EQ(accepting.error().message, "cannot read the firewall's rules: nft is not installed");
    EXPECT_EQ(accepting.error().hint, "install nftables, whose nft tells");
}

TEST_F(ForwardPolicy, IsNotToldByAProgramThatFails)
{
    add_directory(tree_, "sys/module/nf_tables");
    runner_.answer("nft -j list chains", {1, "", "Operation not permitted"});
    const auto policy = ask();
    ASSERT_FALSE(policy);
    EXPECT_EQ(policy.error().message, "cannot read the firewall's rules: nft failed");
}

TEST_F(ForwardPolicy, IsNotToldWhereItIsNotKnownWhatIsLoaded)
{
    tree_.erase("lib/modules/6.1.0/modules.dep");
    EXPECT_FALSE(ask());
    EXPECT_TRUE(runner_.ran().empty());
}

}  // namespace
}  // namespace kvmkit
