// SPDX-License-Identifier: Apache-2.0
#include "setup/domain.hpp"

#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"
#include "txn/execute.hpp"

#include <sys/stat.h>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

static_assert(txn::Domain<HostDomain>);

class HostDomainTest : public ::testing::Test {
protected:
    /// The inverse of a step as the host stands now, or an empty text.
    std::string undo_of(const Step& step)
    {
        const auto inverse = domain_.inverse(step);
        EXPECT_TRUE(inverse) << inverse.error().message;
        return inverse && *inverse ? describe(**inverse) : std::string{};
    }

    void unit(const std::string& name, const std::string& properties)
    {
        runner_.answer("systemctl show --property=LoadState,ActiveState,UnitFileState " + name, {0, properties, ""});
    }

    testing::TemporaryFolder folder_;
    testing::FakeRunner runner_;
    HostDomain domain_{{runner_, folder_.path()}};
};

TEST_F(HostDomainTest, UnloadsOnlyAModuleThatItLoaded)
{
    EXPECT_EQ(undo_of(LoadModule{"kvm_amd"}), "unload module kvm_amd");
    folder_.write("sys/module/kvm_amd/refcnt", "0");
    EXPECT_EQ(undo_of(LoadModule{"kvm_amd"}), "");
    runner_.answer("modprobe kvm_amd", {0, "", ""});
    runner_.answer("modprobe -r kvm_amd", {0, "", ""});
    EXPECT_TRUE(domain_.apply(LoadModule{"kvm_amd"}));
    EXPECT_TRUE(domain_.apply(UnloadModule{"kvm_amd"}));
    EXPECT_TRUE(domain_.apply(UnloadModule{"kvm_intel"})) << "not loaded: nothing to undo, nothing is run";
    EXPECT_EQ(runner_.ran().size(), 2U);
}

TEST_F(HostDomainTest, TellsWhyAModuleCannotBeLoaded)
{
    runner_.answer("modprobe kvm_intel",
                   {1, "", "modprobe: ERROR: could not insert 'kvm_intel': Operation not supported\n"});
    const auto failed = domain_.apply(LoadModule{"kvm_intel"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message,
              "cannot load module 'kvm_intel': modprobe: ERROR: could not insert 'kvm_intel': Operation not supported");
}

TEST_F(HostDomainTest, GivesAFileItsOldBytesAndModeBack)
{
    const SetFile wanted{"etc/modules-load.d/kvmkit.conf", "kvm_amd\n", 0644};
    const auto remove = domain_.inverse(wanted);
    ASSERT_TRUE(remove && *remove);
    ASSERT_TRUE(domain_.apply(wanted));
    EXPECT_EQ(folder_.read(wanted.path), "kvm_amd\n");
    ASSERT_EQ(::chmod((folder_.path() / wanted.path).c_str(), 0600), 0);
    const auto restore = domain_.inverse(SetFile{wanted.path, "other\n", 0644});
    ASSERT_TRUE(domain_.apply(SetFile{wanted.path, "other\n", 0644}));
    ASSERT_TRUE(domain_.apply(**restore));
    EXPECT_EQ(folder_.read(wanted.path), "kvm_amd\n");
    EXPECT_EQ(std::filesystem::status(folder_.path() / wanted.path).permissions(), std::filesystem::perms{0600});
    ASSERT_TRUE(domain_.apply(**remove));
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / wanted.path));
    EXPECT_TRUE(domain_.apply(**remove)) << "an inverse is harmless where its change was never made";
}

TEST_F(HostDomainTest, TakesBackOnlyWhatAUnitWasNot)
{
    unit("a.socket", "LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n");
    unit("b.socket", "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n");
    EXPECT_EQ(undo_of(ChangeUnit{UnitAction::start, "a.socket"}), "stop a.socket");
    EXPECT_EQ(undo_of(ChangeUnit{UnitAction::enable, "a.socket"}), "disable a.socket");
    EXPECT_EQ(undo_of(ChangeUnit{UnitAction::start, "b.socket"}), "");
    EXPECT_EQ(undo_of(ChangeUnit{UnitAction::enable, "b.socket"}), "");
}

TEST_F(HostDomainTest, LeavesAUnitAloneThatTheAdministratorDisabled)
{
    const ChangeUnit guests{UnitAction::start, "libvirt-guests.service", true};
    unit(guests.unit, "LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n");
    EXPECT_EQ(undo_of(guests), "");
    EXPECT_TRUE(domain_.apply(guests));
    EXPECT_EQ(runner_.ran().size(), 2U) << "systemd was asked, and nothing was started";
}

TEST_F(HostDomainTest, UndoesNothingOnAUnitThatIsGone)
{
    unit("libvirtd.service", "LoadState=not-found\nActiveState=inactive\nUnitFileState=\n");
    EXPECT_TRUE(domain_.apply(ChangeUnit{UnitAction::stop, "libvirtd.service"}));
    EXPECT_EQ(runner_.ran().size(), 1U);
}

TEST_F(HostDomainTest, RepeatsWhatSystemdSays)
{
    runner_.answer("systemctl start x.socket", {1, "", "Failed to start x.socket: Unit x.socket is masked.\n"});
    const auto failed = domain_.apply(ChangeUnit{UnitAction::start, "x.socket"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message,
              "cannot start unit 'x.socket': Failed to start x.socket: Unit x.socket is masked.");
    EXPECT_EQ(failed.error().hint, "look at: systemctl status x.socket");
}

TEST_F(HostDomainTest, TakesOutOfAGroupOnlyWhomItPutIn)
{
    folder_.write("etc/group", "root:x:0:\nkvm:x:108:bob\n");
    folder_.write("usr/sbin/usermod", "");
    EXPECT_EQ(undo_of(AddMember{"alice", "kvm"}), "take alice out of group kvm");
    EXPECT_EQ(undo_of(AddMember{"bob", "kvm"}), "");
    EXPECT_EQ(undo_of(AddGroup{"kvm"}), "");
    EXPECT_EQ(undo_of(AddGroup{"libvirt"}), "remove group libvirt");
    runner_.answer("usermod -aG kvm alice", {0, "", ""});
    runner_.answer("gpasswd -d bob kvm", {0, "", ""});
    EXPECT_TRUE(domain_.apply(AddMember{"alice", "kvm"}));
    EXPECT_TRUE(domain_.apply(RemoveMember{"bob", "kvm"}));
    EXPECT_TRUE(domain_.apply(RemoveMember{"alice", "kvm"})) << "not a member: nothing is run";
    EXPECT_TRUE(domain_.apply(AddGroup{"kvm"})) << "there: nothing is run";
    EXPECT_EQ(runner_.ran().size(), 2U);
}

TEST_F(HostDomainTest, RepeatsWhyAUserCannotJoin)
{
    folder_.write("etc/group", "kvm:x:108:\n");
    folder_.write("usr/sbin/usermod", "");
    runner_.answer("usermod -aG kvm carol", {6, "", "usermod: user 'carol' does not exist\n"});
    const auto failed = domain_.apply(AddMember{"carol", "kvm"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message, "cannot put carol into group kvm: usermod: user 'carol' does not exist");
}

TEST_F(HostDomainTest, LoadsAModuleAnewThatItUnloaded)
{
    EXPECT_EQ(undo_of(UnloadModule{"kvm_amd"}), "");
    folder_.write("sys/module/kvm_amd/refcnt", "0");
    EXPECT_EQ(undo_of(UnloadModule{"kvm_amd"}), "load module kvm_amd");
    EXPECT_EQ(undo_of(MakeDevice{}), "remove the node /dev/kvm");
}

TEST_F(HostDomainTest, CannotOpenTheDeviceToAGroupThatIsNotThere)
{
    folder_.write("etc/group", "root:x:0:\n");
    const auto failed = domain_.apply(GrantDevice{});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().hint, "groupadd --system kvm");
}

TEST(Step, SurvivesTheJournal)
{
    const std::vector<Step> steps{RefreshLists{},
                                  InstallPackages{{"vlan", "qemu-utils"}},
                                  LoadModule{"kvm_amd"},
                                  UnloadModule{"kvm_amd"},
                                  SetFile{"etc/x", "bytes \"quoted\"\n", 0600},
                                  SetFile{"etc/x", std::nullopt, 0644},
                                  MakeDevice{},
                                  RemoveDevice{},
                                  AddGroup{"kvm"},
                                  RemoveGroup{"kvm"},
                                  AddMember{"alice", "kvm"},
                                  RemoveMember{"alice", "kvm"},
                                  GrantDevice{},
                                  SetDeviceOwner{108, 0660},
                                  ChangeUnit{UnitAction::disable, "libvirtd.service"},
                                  ProveLibvirt{}};
    for (const Step& step : steps) {
        const auto back = decode(encode(step));
        ASSERT_TRUE(back) << encode(step);
        EXPECT_EQ(encode(*back), encode(step));
        EXPECT_EQ(describe(*back), describe(step));
    }
}

TEST(Step, OfADamagedJournalIsAnError)
{
    for (const char* text : {"",
                             "{}",
                             "[]",
                             "{\"kind\":\"format-disk\"}",
                             "{\"kind\":3}",
                             "{\"kind\":\"change-unit\",\"action\":\"x\"}"}) {
        EXPECT_FALSE(decode(text)) << text;
    }
}

}  // namespace
}  // namespace kvmkit::setup
