// SPDX-License-Identifier: Apache-2.0
#include "setup/image_words.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

TEST(ImageWords, NameTheImageInEachCommand)
{
    EXPECT_EQ(seen_from_outside("host-setup plan, then host-setup apply", "/mnt"),
              "host-setup plan --root /mnt, then host-setup apply --root /mnt");
    EXPECT_EQ(seen_from_outside("host-setup resume --finish ID", "/my image"),
              "host-setup resume --root '/my image' --finish ID");
    EXPECT_EQ(seen_from_outside("host-setup apply --repair does it first; or by hand: dpkg --configure -a (or: apt-get "
                                "-f install)",
                                "/mnt"),
              "host-setup apply --root /mnt --repair does it first; or by hand: chroot /mnt dpkg --configure -a (or: "
              "chroot /mnt apt-get -f install)");
    EXPECT_EQ(seen_from_outside("systemctl unmask libvirtd.socket; or leave it: host-setup apply hypervisor", "/mnt"),
              "systemctl --root /mnt unmask libvirtd.socket; or leave it: host-setup apply --root /mnt hypervisor");
    EXPECT_EQ(seen_from_outside("by hand: apk update && apk add qemu-img", "/mnt"),
              "by hand: chroot /mnt apk update && chroot /mnt apk add qemu-img");
    EXPECT_EQ(seen_from_outside("host-setup history", "a$1b"), "host-setup history --root 'a$1b'");
}

TEST(ImageWords, LeaveWhatIsOfTheHostAndWhatNamesItAlready)
{
    for (const char* text : {"on the host: host-setup apply modules",
                             "host-setup plan --root /mnt",
                             "policy-rc.d forbids it",
                             "the whole line of apt-get install failed where one name was wrong",
                             "install it with apt"}) {
        EXPECT_EQ(seen_from_outside(text, "/mnt"), text);
    }
}

}  // namespace
}  // namespace kvmkit::setup
