// SPDX-License-Identifier: Apache-2.0
#include "probe/other_user.hpp"
#include "support/temporary_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

constexpr unsigned nobody = 65534;

Deadline soon()
{
    return Deadline::after(std::chrono::seconds{20});
}

TEST(OtherUser, IsWhoOpensWhereWeAreRoot)
{
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can become somebody else";
    }
    const testing::TemporaryFolder folder;
    folder.write("device", "");
    const auto path = (folder.path() / "device").string();
    ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
    ASSERT_EQ(::chmod(path.c_str(), 0660), 0);
    const DeviceNode lying{NodeKind::kvm_device, "", 0666};  // the mode that is told is not the one that is there
    UserFacts user{"nobody", nobody, {nobody}};
    EXPECT_EQ(try_open_as(user, lying, path, soon()).errnum, EACCES);
    EXPECT_EQ(user.witness, AccessWitness::opened_as);
    ASSERT_EQ(::chown(path.c_str(), 0, nobody), 0);
    EXPECT_TRUE(try_open_as(user, lying, path, soon()).ok()) << "by its group";
    EXPECT_EQ(::geteuid(), 0U);
}

/// A host whose device is open to group 106.
HostFacts with_device()
{
    HostFacts host;
    host.kvm.node = std::optional{DeviceNode{NodeKind::kvm_device, "", 0660, 0, 106}};
    return host;
}

TEST(OtherUser, IsJudgedByTheModeElsewhere)
{
    HostFacts host = with_device();
    host.kvm.open = std::optional{Answer{}};
    host.kvm.create_vm = std::optional{Answer{}};
    take_place({"bob", 1001, {1001}}, host);
    EXPECT_EQ((*host.kvm.open)->errnum, EACCES);
    EXPECT_FALSE(*host.kvm.create_vm) << "it was not asked";
    EXPECT_EQ((*host.user)->witness, AccessWitness::read_of_mode);
}

TEST(OtherUser, WhoMayOpenProvesNothingWhereWeMayNot)
{
    HostFacts host = with_device();
    host.kvm.open = std::optional{Answer{-1, EACCES}};
    take_place({"bob", 1001, {1001, 106}}, host);
    EXPECT_TRUE((*host.kvm.open)->ok());
    EXPECT_FALSE(host.kvm.create_vm);
    host.kvm.open = std::optional{Answer{-1, ENODEV}};
    take_place({"bob", 1001, {1001, 106}}, host);
    EXPECT_EQ((*host.kvm.open)->errnum, ENODEV) << "no permission mends that";
}

}  // namespace
}  // namespace kvmkit
