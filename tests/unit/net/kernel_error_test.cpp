// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/kernel_error.hpp"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

TEST(KernelErrorTest, CarriesTheKernelsOwnWordsAndTheErrnosName)
{
    const auto error = to_error({ELOOP, "Can not enslave a bridge to a bridge"},
                                {Request::attach, "cannot attach port 'br1' to 'br0'"});
    EXPECT_EQ(error.message, "cannot attach port 'br1' to 'br0': Can not enslave a bridge to a bridge (ELOOP)");
    EXPECT_EQ(error.code, ErrorCode::external);
}

TEST(KernelErrorTest, OfAListThatEndsTooEarlyStandsInItsLastMessage)
{
    const auto told = [](int number) { return std::string{reinterpret_cast<const char*>(&number), sizeof(number)}; };
    EXPECT_EQ(errno_at_the_end(told(-ENOBUFS)), ENOBUFS);
    EXPECT_EQ(errno_at_the_end(told(0) + "more"), 0);
    EXPECT_EQ(errno_at_the_end(""), 0);
}

TEST(KernelErrorTest, HasASentenceOfItsOwnForABareErrno)
{
    const auto lo = to_error({EINVAL}, {Request::attach, "cannot attach port 'lo' to 'br0'"});
    EXPECT_EQ(lo.message, "cannot attach port 'lo' to 'br0': the kernel takes no such link as a port (EINVAL)");
    EXPECT_EQ(lo.code, ErrorCode::invalid);

    const auto busy = to_error({EBUSY}, {Request::attach, "cannot attach port 'eth1' to 'br0'"});
    EXPECT_EQ(
        busy.message,
        "cannot attach port 'eth1' to 'br0': something else sits on it already, such as a macvlan or a bond (EBUSY)");
    EXPECT_EQ(busy.code, ErrorCode::busy);

    const auto taken = to_error({EEXIST}, {Request::create_link, "cannot create bridge 'br0'"});
    EXPECT_EQ(taken.message, "cannot create bridge 'br0': a link of that name exists (EEXIST)");
    EXPECT_EQ(to_error({ENODEV}, {Request::change_link, "x"}).message, "x: it is gone (ENODEV)");
}

TEST(KernelErrorTest, FallsBackToTheSystemsWords)
{
    EXPECT_EQ(to_error({ENOSPC}, {Request::list, "cannot list the links"}).message,
              "cannot list the links: No space left on device (ENOSPC)");
    EXPECT_EQ(to_error({4242}, {Request::list, "x"}).message, "x: Unknown error 4242 (errno 4242)");
}

TEST(KernelErrorTest, NamesTheModuleAndTheRightThatAreMissing)
{
    EXPECT_EQ(to_error({EOPNOTSUPP, "Unknown device type"}, {Request::create_link, "x", "vlan"}).hint,
              "this kernel has no links of kind vlan, or its module is not loaded: modprobe 8021q");
    EXPECT_NE(to_error({EOPNOTSUPP}, {Request::set_vlans, "x"}).hint.find("CONFIG_BRIDGE_VLAN_FILTERING"),
              std::string::npos);
    const auto error = to_error({EPERM}, {Request::create_link, "cannot create bridge 'br0'"});
    EXPECT_EQ(error.code, ErrorCode::permission);
    EXPECT_NE(error.hint.find("CAP_NET_ADMIN"), std::string::npos);
    EXPECT_NE(to_error({EOPNOTSUPP, "Device does not allow enslaving to a bridge"}, {Request::attach, "x"})
                  .hint.find("Wi-Fi"),
              std::string::npos);
}

}  // namespace
}  // namespace kvmkit::net
