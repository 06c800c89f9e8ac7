// SPDX-License-Identifier: Apache-2.0
#include "setup/network_step.hpp"

#include "setup/domain.hpp"
#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"

#include <sys/stat.h>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

constexpr const char* old_xml =
    "<network><bridge name='virbr0'/><ip address='192.168.122.1' netmask='255.255.255.0'></ip></network>\n";
constexpr const char* new_xml =
    "<network><bridge name='virbr0'/><ip address='10.9.0.1' netmask='255.255.255.0'></ip></network>\n";
const std::string virsh = "virsh --quiet --connect qemu:///system ";

class NetworkStepTest : public ::testing::Test {
protected:
    void SetUp() override { folder_.write(network_file, old_xml); }

    /// As if the daemon were at work: its pid file, and a process of that name.
    void libvirt_runs()
    {
        folder_.write("run/libvirtd.pid", "812\n");
        folder_.write("proc/812/comm", "libvirtd\n");
    }

    std::optional<Step> undo_of(const Step& step)
    {
        const auto inverse = domain_.inverse(step);
        EXPECT_TRUE(inverse) << inverse.error().message;
        return inverse.value_or(std::nullopt);
    }

    std::string undo_text(const Step& step)
    {
        const auto undo = undo_of(step);
        return undo ? describe(*undo) : std::string{};
    }

    const MoveNetwork move_{Ipv4Range{0x0a090000, 24}};
    testing::TemporaryFolder folder_;
    testing::FakeRunner runner_;
    HostDomain domain_{{runner_, folder_.path()}};
};

TEST_F(NetworkStepTest, WritesTheFileWhileLibvirtDoesNotRun)
{
    ASSERT_EQ(::chmod((folder_.path() / network_file).c_str(), 0600), 0);
    const auto undo = undo_of(move_);
    ASSERT_TRUE(domain_.apply(move_));
    EXPECT_EQ(folder_.read(network_file), new_xml);
    EXPECT_EQ(std::filesystem::status(folder_.path() / network_file).permissions(), std::filesystem::perms{0600});
    ASSERT_TRUE(domain_.apply(move_)) << "the same again";
    ASSERT_TRUE(undo && domain_.apply(*undo));
    EXPECT_EQ(folder_.read(network_file), old_xml);
    EXPECT_TRUE(domain_.apply(*undo)) << "an inverse is harmless where its change was never made";
    EXPECT_TRUE(runner_.ran().empty()) << "nobody was asked, so that nothing was started";
}

TEST_F(NetworkStepTest, DefinesByTheApiWhileLibvirtRuns)
{
    libvirt_runs();
    runner_.answer(virsh + "net-dumpxml --inactive default", {0, old_xml, ""});
    runner_.answer(virsh + "net-define /run/kvmkit/default-network.xml", {0, "", ""});
    const auto undo = undo_of(move_);
    ASSERT_TRUE(domain_.apply(move_));
    EXPECT_EQ(folder_.read(network_file), old_xml) << "that file is libvirt's to write";
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "run/kvmkit/default-network.xml"));
    EXPECT_EQ(runner_.ran().size(), 2U);
    ASSERT_TRUE(undo && domain_.apply(*undo));
    EXPECT_EQ(runner_.ran().size(), 2U) << "the definition is still the old one";
    folder_.write(network_file, new_xml);
    ASSERT_TRUE(domain_.apply(*undo));
    EXPECT_EQ(runner_.ran().size(), 3U);
}

TEST_F(NetworkStepTest, KnowsAPidFileThatWasLeftBehind)
{
    folder_.write("run/libvirtd.pid", "812\n");
    folder_.write("proc/812/comm", "bash\n");
    const auto root = Root::open(folder_.path()).value();
    EXPECT_FALSE(setup::libvirt_runs(root));
    folder_.write("proc/812/comm", "libvirtd\n");
    EXPECT_TRUE(setup::libvirt_runs(root));
}

TEST_F(NetworkStepTest, StartsAndStopsOnlyWhatIsNotSo)
{
    const ChangeNetwork start{NetworkAction::start, {}};
    runner_.answer(virsh + "net-start default", {0, "", ""});
    runner_.answer(virsh + "net-destroy default", {0, "", ""});
    EXPECT_EQ(undo_text(start), "stop libvirt's network 'default'");
    EXPECT_TRUE(domain_.apply(start));
    EXPECT_TRUE(domain_.apply(ChangeNetwork{NetworkAction::stop, {}})) << "it is not up";
    EXPECT_EQ(runner_.ran().size(), 1U);
    folder_.write(network_status, "<networkstatus/>");
    EXPECT_EQ(undo_text(start), "");
    EXPECT_TRUE(domain_.apply(start));
    EXPECT_EQ(runner_.ran().size(), 1U);
    EXPECT_EQ(undo_text(ChangeNetwork{NetworkAction::stop, {}}), "start libvirt's network 'default'");
    EXPECT_TRUE(domain_.apply(ChangeNetwork{NetworkAction::stop, {}}));
    EXPECT_EQ(runner_.ran().size(), 2U);
}

TEST_F(NetworkStepTest, GivesForwardingBackWhereNobodyElseNeedsIt)
{
    folder_.write(ip_forward, "0\n");
    const auto undo = undo_of(ChangeNetwork{NetworkAction::start, {}});
    ASSERT_TRUE(undo);
    const auto forwards_after = [&](const char* other) {
        folder_.write(ip_forward, "1\n");
        if (*other != '\0') {
            folder_.write(other, "");
        }
        EXPECT_TRUE(domain_.apply(*undo));
        if (*other != '\0') {
            std::filesystem::remove_all(folder_.path() / other);
        }
        return folder_.read(ip_forward);
    };
    EXPECT_EQ(forwards_after("run/libvirt/network/other.xml"), "1\n");
    EXPECT_EQ(forwards_after("sys/class/net/docker0"), "1\n");
    EXPECT_EQ(forwards_after(""), "0\n");
    folder_.write(ip_forward, "1\n");
    const auto router = undo_of(ChangeNetwork{NetworkAction::start, {}});
    ASSERT_TRUE(router && domain_.apply(*router));
    EXPECT_EQ(folder_.read(ip_forward), "1\n") << "it forwarded before";
}

TEST_F(NetworkStepTest, IsStartedWithLibvirtByItsLinkOrByTheApi)
{
    const ChangeNetwork with_libvirt{NetworkAction::autostart, {}};
    EXPECT_EQ(undo_text(with_libvirt), "start libvirt's network 'default' with libvirt no more");
    ASSERT_TRUE(domain_.apply(with_libvirt));
    EXPECT_EQ(std::filesystem::read_symlink(folder_.path() / autostart_link), std::string{"/"} + network_file);
    ASSERT_TRUE(domain_.apply(ChangeNetwork{NetworkAction::no_autostart, {}}));
    EXPECT_FALSE(std::filesystem::is_symlink(folder_.path() / autostart_link));
    libvirt_runs();
    runner_.answer(virsh + "net-autostart default", {0, "", ""});
    EXPECT_TRUE(domain_.apply(with_libvirt));
    EXPECT_EQ(runner_.ran().size(), 1U);
}

TEST_F(NetworkStepTest, RepeatsWhatLibvirtSays)
{
    runner_.answer(virsh + "net-start default",
                   {1, "", "error: internal error: Network is already in use by interface eth0\n"});
    const auto failed = domain_.apply(ChangeNetwork{NetworkAction::start, {}});
    ASSERT_FALSE(failed);
    EXPECT_EQ(
        failed.error().message,
        "cannot start libvirt's network 'default': error: internal error: Network is already in use by interface eth0");
    EXPECT_NE(failed.error().hint.find("--default-net off"), std::string::npos);
    std::filesystem::remove(folder_.path() / network_file);
    for (const Step& step : {Step{move_},
                             Step{ChangeNetwork{NetworkAction::start, {}}},
                             Step{ChangeNetwork{NetworkAction::autostart, {}}}}) {
        const auto missing = domain_.apply(step);
        ASSERT_FALSE(missing) << describe(step);
        EXPECT_EQ(missing.error().code, ErrorCode::not_found);
        EXPECT_NE(missing.error().message.find("libvirt has no such network"), std::string::npos);
    }
}

TEST_F(NetworkStepTest, SurvivesTheJournal)
{
    for (const Step& step : {Step{move_},
                             Step{DefineNetwork{SetFile{network_file, old_xml, 0600}}},
                             Step{DefineNetwork{SetFile{network_file, std::nullopt, 0600}}},
                             Step{ChangeNetwork{NetworkAction::stop, "0"}},
                             Step{ChangeNetwork{NetworkAction::no_autostart, {}}},
                             Step{ChangeUnit{UnitAction::start, "libvirt-guests.service", true}},
                             Step{HoldLibvirt{}},
                             Step{ReleaseLibvirt{}}}) {
        const auto back = decode(encode(step));
        ASSERT_TRUE(back) << encode(step);
        EXPECT_EQ(encode(*back), encode(step));
        EXPECT_EQ(describe(*back), describe(step));
    }
    for (const auto* damaged :
         {R"({"kind":"move-network","range":"10.0.0.1/24"})", R"({"kind":"change-network","action":"explode"})"}) {
        EXPECT_FALSE(decode(damaged)) << damaged;
    }
}

}  // namespace
}  // namespace kvmkit::setup
