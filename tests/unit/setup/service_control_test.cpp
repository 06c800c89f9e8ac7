// SPDX-License-Identifier: Apache-2.0
#include "setup/service_control.hpp"

#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using Lines = std::vector<std::string>;
using testing::FakeRunner;
using testing::TemporaryFolder;

class Control : public ::testing::Test {
protected:
    [[nodiscard]] Result<void> make(const ChangeUnit& change, bool image = false)
    {
        const auto root = Root::open(folder_.path());
        return ServiceControl{runner_, *root, image}.make(change);
    }

    [[nodiscard]] UnitState state(const std::string& unit, bool image = false)
    {
        const auto root = Root::open(folder_.path());
        return *ServiceControl{runner_, *root, image}.state(unit);
    }

    void link(const std::string& target, const std::string& name) const
    {
        std::filesystem::create_directories((folder_.path() / name).parent_path());
        std::filesystem::create_symlink(target, folder_.path() / name);
    }

    TemporaryFolder folder_;
    FakeRunner runner_;
};

TEST_F(Control, SpeaksToOpenRcInItsWords)
{
    folder_.write("run/openrc/softlevel", "default");
    folder_.write("etc/init.d/libvirtd", "");
    runner_.answer("rc-update add libvirtd default", {});
    runner_.answer("rc-service libvirtd start", {});
    runner_.answer("rc-service libvirtd status", {.status = 3, .out = {}, .err = {}});
    EXPECT_FALSE(state("libvirtd").is_enabled());
    EXPECT_TRUE(make({UnitAction::enable, "libvirtd"}));
    EXPECT_TRUE(make({UnitAction::start, "libvirtd"}));
    folder_.write("etc/runlevels/default/libvirtd", "");
    EXPECT_TRUE(state("libvirtd").is_enabled());
    EXPECT_FALSE(state("libvirtd").is_active());
    EXPECT_EQ(state("virtlogd").load, "not-found");
    EXPECT_TRUE(make({UnitAction::start, "virtlogd", true})) << "it is not there, and nobody is told to start it";
}

TEST_F(Control, NamesWhatOpenRcCouldNotDo)
{
    folder_.write("run/openrc/softlevel", "default");
    folder_.write("etc/init.d/libvirtd", "");
    runner_.answer("rc-service libvirtd start", {.status = 1, .out = {}, .err = "ERROR: libvirtd failed to start\n"});
    const auto failed = make({UnitAction::start, "libvirtd"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message, "cannot start unit 'libvirtd': ERROR: libvirtd failed to start");
    EXPECT_EQ(failed.error().hint, "look at: rc-service libvirtd status");
}

TEST_F(Control, TakesNothingBackThatWasNeverDone)
{
    folder_.write("run/openrc/softlevel", "default");
    folder_.write("etc/init.d/libvirtd", "");
    folder_.write("etc/runlevels/boot/libvirtd", "");  // somebody else's
    runner_.answer("rc-service libvirtd status", {.status = 3, .out = {}, .err = {}});
    EXPECT_TRUE(make({UnitAction::disable, "libvirtd"}));
    EXPECT_TRUE(make({UnitAction::stop, "libvirtd"}));
    EXPECT_EQ(runner_.ran(), Lines(2, "rc-service libvirtd status")) << "rc-update would call it a failure";
}

TEST_F(Control, MakesLinksOfSysvinitWhereThereAreNone)
{
    folder_.write("proc/1/comm", "init\n");
    folder_.write("etc/inittab", "");
    folder_.write("usr/sbin/update-rc.d", "");
    folder_.write("etc/init.d/libvirtd", "");
    runner_.answer("update-rc.d libvirtd defaults", {});
    runner_.answer("update-rc.d libvirtd enable", {});
    runner_.answer("update-rc.d libvirtd disable", {});
    runner_.answer("service libvirtd status", {});
    EXPECT_EQ(state("libvirtd").unit_file, unlinked_script);
    EXPECT_TRUE(make({UnitAction::unlink, "libvirtd"})) << "nothing is there to take back, and nobody is told to";
    EXPECT_TRUE(make({UnitAction::enable, "libvirtd"}));
    link("../init.d/libvirtd", "etc/rc2.d/K01libvirtd");
    EXPECT_EQ(state("libvirtd").unit_file, "disabled");
    link("../init.d/libvirtd", "etc/rc3.d/S01libvirtd");
    EXPECT_TRUE(state("libvirtd").is_enabled() && state("libvirtd").is_active());
    EXPECT_TRUE(make({UnitAction::disable, "libvirtd"}));
}

TEST_F(Control, ReadsAnImageByItsFilesAlone)
{
    folder_.write("usr/lib/systemd/systemd", "");
    folder_.write("usr/lib/systemd/system/libvirtd.service", "");
    folder_.write("usr/lib/systemd/system/other.service", "");
    EXPECT_EQ(state("libvirtd.service", true).unit_file, "disabled");
    link("/usr/lib/systemd/system/libvirtd.service", "etc/systemd/system/multi-user.target.wants/libvirtd.service");
    EXPECT_TRUE(state("libvirtd.service", true).is_enabled());
    EXPECT_EQ(state("virtqemud.socket", true).load, "not-found");
    link("/dev/null", "etc/systemd/system/other.service");
    EXPECT_EQ(state("other.service", true).load, "masked");
    EXPECT_TRUE(runner_.ran().empty());
}

TEST(InstalledManager, IsWhatInitIs)
{
    const auto with = [](const std::vector<std::string>& files, const char* init = nullptr) {
        const TemporaryFolder folder;
        for (const std::string& file : files) {
            folder.write(file, "");
        }
        if (init != nullptr) {
            std::filesystem::create_directories(folder.path() / "sbin");
            std::filesystem::create_symlink(init, folder.path() / "sbin/init");
        }
        return installed_manager(*Root::open(folder.path()));
    };
    EXPECT_EQ(with({}), Manager::none);
    EXPECT_EQ(with({"usr/lib/systemd/systemd"}), Manager::systemd);
    EXPECT_EQ(with({"usr/lib/systemd/systemd", "sbin/openrc"}, "/lib/systemd/systemd"), Manager::systemd);
    EXPECT_EQ(with({"usr/lib/systemd/systemd", "sbin/openrc"}, "openrc-init"), Manager::openrc);
    EXPECT_EQ(with({"usr/lib/systemd/systemd", "sbin/init", "sbin/openrc", "etc/inittab", "usr/sbin/update-rc.d"}),
              Manager::openrc)
        << "sysvinit starts OpenRC, and systemd is not what boots";
    EXPECT_EQ(with({"sbin/init", "etc/inittab", "usr/sbin/update-rc.d"}), Manager::sysv);
}

}  // namespace
}  // namespace kvmkit::setup
