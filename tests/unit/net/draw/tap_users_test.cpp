// SPDX-License-Identifier: Apache-2.0
#include "net/draw/tap_users.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

class TapUsers : public ::testing::Test {
protected:
    void process(const std::string& pid, const std::string& command_line, const std::string& space) const
    {
        folder_.write("proc/" + pid + "/cmdline", command_line);
        link(pid + "/ns/net", space);
    }

    void descriptor(const std::string& pid, const std::string& target, const std::string& told) const
    {
        link(pid + "/fd/9", target);
        folder_.write("proc/" + pid + "/fdinfo/9", told);
    }

    void link(const std::string& path, const std::string& target) const
    {
        const auto whole = folder_.path() / "proc" / path;
        std::filesystem::create_directories(whole.parent_path());
        std::filesystem::create_symlink(target, whole);
    }

    [[nodiscard]] std::vector<TapUser> users() const { return tap_users(*Root::open(folder_.path()), "net:[1]"); }

    testing::TemporaryFolder folder_;
};

TEST_F(TapUsers, HoldTheTapsThatTheirDescriptorsName)
{
    process("70", std::string{"/usr/bin/qemu\0-name\0guest=web,debug-threads=on\0", 47}, "net:[1]");
    descriptor("70", "/dev/net/tun", "pos:\t0\nflags:\t02\niff:\tvnet0\n");
    process("80", std::string{"other\0", 6}, "net:[1]");
    descriptor("80", "/dev/null", "iff:\tvnet9\n");
    EXPECT_EQ(users(), (std::vector<TapUser>{{"vnet0", "web", 70}}));
}

TEST_F(TapUsers, AreKnownByTheirCommandLineToo)
{
    process("9", std::string{"qemu\0-name\0db,process=x\0-netdev\0tap,id=n,ifname=tap3,script=no\0", 63}, "net:[1]");
    process("100", std::string{"qemu\0-netdev\0tap,ifname=tap4\0", 29}, "net:[1]");
    EXPECT_EQ(users(), (std::vector<TapUser>{{"tap3", "db", 9}, {"tap4", "", 100}}));
}

TEST_F(TapUsers, OfAnotherNamespaceAreLeftOut)
{
    process("9", std::string{"qemu\0-netdev\0tap,ifname=tap3\0", 29}, "net:[2]");
    EXPECT_TRUE(users().empty());
}

}  // namespace
}  // namespace kvmkit::net
