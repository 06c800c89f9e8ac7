// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"
#include "virt/host/way_to_file.hpp"
#include "virt/launch/plan.hpp"

#include <unistd.h>

#include <filesystem>

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

const txn::Places places{"/state", "/run/kvmkit"};

template <class T>
bool is(const Step& step)
{
    return std::holds_alternative<T>(step);
}

TEST(Steps, ThatRemoveSurviveTheJournal)
{
    const VmId vm{"qemu:///system", "01234567-89ab-4cde-8f01-23456789abcd", "web"};
    for (const Step& step : {Step{RemoveVm{vm}},
                             Step{StopStarted{vm, "20260131T120000-000000-1"}},
                             Step{RemoveFolder{"/state/vms/web"}},
                             Step{RemoveFile{"/state/vms/web/disk.qcow2"}},
                             Step{RemoveSeed{"/state/vms/web"}},
                             Step{RemoveDriverRoot{"/run/kvmkit/embed/1"}},
                             Step{StopNetwork{"qemu:///system", "lan"}},
                             Step{UntagPort{{vm, "52:54:00:00:00:01"}}}}) {
        const auto back = decode(encode(step));
        ASSERT_TRUE(back) << encode(step);
        EXPECT_EQ(back->index(), step.index());
        EXPECT_EQ(describe(*back), describe(step));
        EXPECT_EQ(encode(*back), encode(step));
    }
}

TEST(Steps, ThatAJournalCannotHoldAreInvalid)
{
    for (const auto* text : {"", "{}", "[]", "nonsense", R"({"remove":"vm"})", R"({"remove":1,"path":"/"})"}) {
        const auto step = decode(text);
        ASSERT_FALSE(step) << text;
        EXPECT_EQ(step.error().code, ErrorCode::invalid);
    }
}

TEST(LaunchPlan, OfAnImageMakesTheDiskBeforeTheVmAndResumesLast)
{
    VmSpec spec{.name = *VmName::parse("web")};
    spec.image = BaseImage{"/srv/disk.qcow2", ImageFormat::qcow2, Bytes::mib(64)};
    const DomainPlan plan = make_plan(spec, places);
    EXPECT_EQ(plan.overlay, "/state/vms/web/disk.qcow2");
    const auto steps = launch_steps(plan, "qemu:///system");
    ASSERT_EQ(steps.size(), 6U);
    EXPECT_TRUE(is<MakeFolder>(steps[0]) && is<MakeOverlay>(steps[1]) && is<DefineVm>(steps[2]));
    EXPECT_TRUE(is<StartVm>(steps[3]) && is<AttachVm>(steps[4]) && is<ResumeVm>(steps[5]));
}

TEST(LaunchPlan, OfAnEphemeralKernelNeedsNoFileAndNoDefinition)
{
    VmSpec spec{.name = *VmName::parse("try"), .lifetime = Lifetime::ephemeral};
    spec.kernel = DirectKernel{"/boot/vmlinuz", std::nullopt, ""};
    const auto steps = launch_steps(make_plan(spec, places), "qemu:///system");
    ASSERT_EQ(steps.size(), 3U);
    EXPECT_TRUE(is<CreateVm>(steps[0]) && is<AttachVm>(steps[1]) && is<ResumeVm>(steps[2]));
}

VmSpec spec_with_everything()
{
    VmSpec spec{.name = *VmName::parse("web")};
    spec.image = BaseImage{"/srv/disk.qcow2", ImageFormat::qcow2, Bytes::mib(64)};
    spec.disks = {Bytes::mib(128),
                  {NewDisk{Bytes::mib(1)},
                   BaseImage{"/srv/data.raw", ImageFormat::raw, Bytes::mib(2)},
                   NewDisk{Bytes::mib(3), ImageFormat::raw}}};
    spec.seed = Seed{};
    return spec;
}

TEST(LaunchPlan, MakesEveryFileBeforeTheVm)
{
    const DomainPlan plan = make_plan(spec_with_everything(), places);
    const auto steps = launch_steps(plan, "qemu:///system");
    ASSERT_EQ(steps.size(), 9U);
    EXPECT_TRUE(is<MakeFolder>(steps[0]) && is<MakeOverlay>(steps[1]) && is<MakeDisk>(steps[2]));
    EXPECT_TRUE(is<MakeDisk>(steps[3]) && is<MakeSeed>(steps[4]) && is<DefineVm>(steps[5]));
    EXPECT_EQ(std::get<MakeOverlay>(steps[1]).size, Bytes::mib(128));
    EXPECT_EQ(std::get<MakeDisk>(steps[2]).path, "/state/vms/web/disk1.qcow2");
    EXPECT_EQ(std::get<MakeDisk>(steps[3]).path, "/state/vms/web/disk3.raw");
    const auto& order = std::get<MakeSeed>(steps[4]).order;
    EXPECT_EQ(order.owner.uuid, plan.uuid);
    ASSERT_EQ(order.owner.nics.size(), 1U);
}

TEST(LaunchPlan, OfUefiInTheForegroundTellsThatLibvirtKeepsAFile)
{
    VmSpec spec{.name = *VmName::parse("try"), .lifetime = Lifetime::ephemeral};
    spec.hardware.firmware = Firmware::uefi;
    EXPECT_TRUE(std::get<CreateVm>(launch_steps(make_plan(spec, places), "qemu:///system").front()).keeps_variables);
}

TEST(StartPlan, OfAVmThatIsOffPutsItsPortsIntoTheirVlansAgain)
{
    VmSpec spec{.name = *VmName::parse("web")};
    spec.nics = {Nic{BridgeNic{"br0", 10}}};
    DomainPlan plan = make_plan(spec, places, "01234567-89ab-4cde-8f01-23456789abcd");
    plan.transaction = "t";
    const auto steps = start_steps(plan, "qemu:///system");
    ASSERT_EQ(steps.size(), 4U);
    EXPECT_EQ(std::get<StartAgain>(steps[0]).vm.uuid, "01234567-89ab-4cde-8f01-23456789abcd");
    EXPECT_EQ(std::get<StartAgain>(steps[0]).transaction, "t");
    EXPECT_EQ(std::get<TagPort>(steps[1]).vlan, 10);
    EXPECT_TRUE(is<AttachVm>(steps[2]) && is<ResumeVm>(steps[3]));
}

TEST(RemovalPlan, TakesWhatLiesInTheFolderOfTheVmAndNothingElse)
{
    const VmId vm{"qemu:///system", "01234567-89ab-4cde-8f01-23456789abcd", "web"};
    const auto steps = removal_steps(
        vm,
        {"/state/vms/web/disk.qcow2", "/srv/data.raw", "", "/state/vms/web/seed.iso", "/state/vms/web/../x"},
        places);
    std::vector<std::string> described;
    described.reserve(steps.size());
    for (const auto& step : steps) {
        described.push_back(describe(step));
    }
    EXPECT_EQ(described,
              (std::vector<std::string>{"remove directory '/state/vms/web'",
                                        "remove cloud-init seed in '/state/vms/web'",
                                        "remove file '/state/vms/web/disk.qcow2'",
                                        "remove file '/state/vms/web/seed.iso'",
                                        "remove VM 'web'"}));
    EXPECT_EQ(removal_steps(vm, {"/srv/data.raw"}, places).size(), 1U) << "the folder may be another VM's";
}

TEST(RemovalPlan, OfAVmOfAnotherHostTakesNoFileOfThisOne)
{
    for (const char* uri : {"qemu+ssh://other/system?command=/bin/x:///", "qemu://other/system?a=b:///", "other"}) {
        const VmId vm{uri, "01234567-89ab-4cde-8f01-23456789abcd", "web"};
        const auto steps = removal_steps(vm, {"/state/vms/web/disk.qcow2"}, places);
        ASSERT_EQ(steps.size(), 1U) << uri;
        EXPECT_TRUE(is<RemoveVm>(steps.front()));
    }
}

TEST(LibvirtAddress, LeadsHereWithoutAHostAndWithoutAProgram)
{
    EXPECT_TRUE(leads_to_this_host("qemu:///system"));
    EXPECT_TRUE(leads_to_this_host("qemu+unix:///system?socket=/run/x"));
    EXPECT_FALSE(leads_to_this_host("qemu+ext:///system?command=/usr/bin/far"));
    EXPECT_FALSE(leads_to_this_host("qemu+ssh://other/system"));
    EXPECT_FALSE(leads_to_this_host("qemu://other/system?netcat=qemu:///"));
    EXPECT_FALSE(leads_to_this_host(""));
}

TEST(LaunchPlan, GivesEachLaunchItsOwnUuid)
{
    const VmSpec spec{.name = *VmName::parse("web")};
    EXPECT_NE(make_plan(spec, places).uuid, make_plan(spec, places).uuid);
}

TEST(LaunchPlan, LeavesTheOwnersOfVfioAndTpmToLibvirt)
{
    const FileHandling handling{QemuUser{1, 1}, false};
    for (const bool vfio : {false, true}) {
        VmSpec spec{.name = *VmName::parse("web")};
        spec.hardware.tpm = !vfio;
        spec.hardware.devices.resize(vfio ? 1 : 0);
        DomainPlan plan = make_plan(spec, places);
        ASSERT_TRUE(check_access(plan, handling));
        EXPECT_FALSE(plan.runs_as);
    }
}

TEST(LaunchPlan, KeepsTheSocketsOfAnEmbeddedDriverShort)
{
    const auto root = new_driver_root(places, "01234567-89ab-4cde-8f01-23456789abcd");
    const auto longest = root / "lib/qemu/domain-99999-twenty-characters-xx/monitor.sock";
    EXPECT_LT(longest.string().size(), 108U);
}

TEST(QemuUsersWay, IsJudgedByTheModesOfTheDirectories)
{
    const testing::TemporaryFolder folder;
    const auto home = folder.path() / "home";
    const auto mode = [&home](auto perms) {
        std::filesystem::permissions(home, static_cast<std::filesystem::perms>(perms));
    };
    std::filesystem::create_directories(home / "images");
    std::filesystem::permissions(folder.path(), static_cast<std::filesystem::perms>(0755));
    const QemuUser stranger{::geteuid() + 4711, ::getegid() + 4711};
    mode(0700);
    const auto closed = check_way_to(stranger, home / "images/disk.qcow2");
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().code, ErrorCode::permission);
    EXPECT_NE(closed.error().message.find(home.string() + "'"), std::string::npos) << closed.error().message;
    EXPECT_FALSE(check_way_to({::geteuid() + 4711, ::getegid()}, home / "x")) << "the group has no right either";
    mode(0710);
    EXPECT_TRUE(check_way_to({::geteuid() + 4711, ::getegid()}, home / "images/disk.qcow2"));
    EXPECT_FALSE(check_way_to(stranger, home / "x"));
    mode(0711);
    EXPECT_TRUE(check_way_to(stranger, home / "not/yet/there"));
}

}  // namespace
}  // namespace kvmkit::virt
