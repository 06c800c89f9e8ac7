# SPDX-License-Identifier: Apache-2.0
"""Disks as vm-run makes them: grown, added, shared with nobody, read and written as it works here; and a full disk."""
import os
import pathlib
import subprocess
import unittest

from host import BOOT_SECONDS, GUEST, VmRunTest, cmdline, make_image, no_keys_of_the_caller, virsh

BASE = "/run/base.qcow2"
DATA = pathlib.Path("/run/data.raw")
IMAGE = ("--image", BASE, "--memory", "32M", "--net", "none", "--wait", "none")


class Disks(VmRunTest):
    def setUp(self):
        make_image(BASE, "64M")
        no_keys_of_the_caller()
        super().setUp()

    def test_the_guest_sees_them_grown_and_in_order(self):
        make_image(str(DATA), "3M", "raw")
        done = self.expect(0, "launch", "disk", *GUEST, *cmdline("kvmkit.name=disk kvmkit.mode=poweroff"), "--net", "none",
                           "--console", "--rm", "--image", BASE, "--disk", "96M", "--add-disk", "2M,format=raw", "--add-disk",
                           str(DATA), "--add-disk", "5M", "--run", "true", "--timeout", str(BOOT_SECONDS))
        for name, size in (("vda", 96 << 20), ("vdb", 2 << 20), ("vdc", 3 << 20), ("vdd", 5 << 20)):
            self.assertIn(f"KVMKIT-GUEST disk {name} {size}\n", done.stdout.replace("\r", ""))
        self.assertIn("KVMKIT-GUEST disk vde ", done.stdout, "the seed is the last")
        self.assertTrue(DATA.exists(), "a file of the user's own stays")

    def test_a_guest_that_cannot_see_its_seed_is_told_of(self):
        words = ("launch", "disk", *GUEST, "--net", "none", "--image", BASE, "--run", "true")
        done = self.expect(20, *words, *cmdline("kvmkit.name=disk kvmkit.mode=no-virtio-blk"), "--wait", "cloud-init", "--timeout", "10",
                           "--on-fail", "rollback")
        self.assertIn("the guest has read nothing of its cloud-init seed (vdb): its kernel may have no driver", done.stdout)
        self.expect(0, *words, *cmdline("kvmkit.name=disk"), "--timeout", str(BOOT_SECONDS))
        self.assertRegex(virsh("domblkstat", "disk", "vdb"), r"rd_req [1-9]", "one that sees it reads it at once")
        self.expect(0, "rm", "disk", "--force")

    def test_the_record_tells_how_each_is_read_and_why(self):
        make_image(str(DATA), "3M", "raw")
        record = self.expect_json(0, "launch", "web", *IMAGE, "--add-disk", "1M", "--add-disk", str(DATA))
        self.assertEqual([(disk["path"].split("/")[-1], disk["format"], disk["size"], disk["made"])
                          for disk in record["disks"]],
                         [("disk.qcow2", "qcow2", 64 << 20, True), ("disk1.qcow2", "qcow2", 1 << 20, True),
                          ("data.raw", "raw", 3 << 20, False)])
        xml = virsh("dumpxml", "web")
        for disk in record["disks"]:
            self.assertIn(f"cache='{disk['cache']}' io='{disk['io']}' discard='unmap' iothread='1' detect_zeroes='unmap'", xml)
            self.assertTrue(disk["why"])
        owner = DATA.stat().st_uid
        self.expect(0, "rm", "web", "--force")
        self.assertTrue(DATA.exists())
        self.assertNotEqual(owner, 0, "while it ran QEMU's user owned it, and libvirt gave it back")
        self.assertEqual(DATA.stat().st_uid, 0)

    def test_a_ring_that_is_forbidden_is_not_used(self):
        switch = pathlib.Path("/proc/sys/kernel/io_uring_disabled")
        forbidden = pathlib.Path("/run/forbidden")
        forbidden.write_text("2\n")
        if switch.exists():
            subprocess.run(["mount", "--bind", forbidden, switch], check=True)
            self.addCleanup(subprocess.run, ["umount", switch], check=True)
        else:
            self.skipTest("the kernel has no kernel.io_uring_disabled")
        record = self.expect_json(0, "launch", "web", *IMAGE)
        self.assertNotEqual(record["disks"][0]["io"], "io_uring")
        self.assertRegex(record["disks"][0]["why"], "kernel.io_uring_disabled is 2|O_DIRECT does not work")
        self.expect(0, "rm", "web", "--force")

    def test_one_file_for_two_running_vms_is_refused_by_qemus_lock(self):
        make_image(str(DATA), "3M", "raw")
        self.expect(0, "launch", "one", *IMAGE, "--add-disk", str(DATA))
        done = self.expect(3, "launch", "two", *IMAGE, "--add-disk", str(DATA))
        self.assertRegex(done.stderr, "lock")
        self.expect(0, "rm", "one", "--force")

    def test_wrong_sizes_and_files(self):
        for code, words, message in (
                (10, ("--disk", "32M"), "refused to cut image '/run/base.qcow2' to 32 MiB: it is a disk of 64 MiB"),
                (2, ("--disk", "0"), "'0' is no size for a disk"),
                (2, ("--disk", "1x"), "'1x'"),
                (2, ("--add-disk", "1M,format=vmdk"), "'format=vmdk' is nothing that a disk can have"),
                (2, ("--add-disk", "1M,raw"), "'raw' is nothing that a disk can have"),
                (2, ("--add-disk", "1000001"), "'1000001' is no size for a disk"),
                (2, ("--add-disk", ""), "the name is empty"),
                (3, ("--add-disk", "/run/none.raw"), "cannot open image '/run/none.raw': No such file"),
                (2, ("--add-disk", "1M") * 21, "21 disks are too many")):
            with self.subTest(words):
                self.assertIn(message, self.expect(code, "launch", "bad", *IMAGE, *words).stderr)
        self.assertIn("--disk grows the disk of an image, and there is none",
                      self.expect(2, "launch", "bad", *GUEST, "--disk", "1G").stderr)


class FullDisk(VmRunTest):
    def setUp(self):
        make_image(BASE, "64M")
        no_keys_of_the_caller()
        self.expect(0, "gc")  # the folders of journals are there
        super().setUp()

    def failures(self, env=None):
        """Room for less and less: whichever file comes to its end, its name and the cause are told, and nothing is left."""
        vms = pathlib.Path("/var/lib/kvmkit/vms")
        vms.mkdir(exist_ok=True)
        failed = set()
        for kib in (4, 60, 210, 230, 420, 440):
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=755", "full", vms], check=True)
            try:
                done = self.expect(3, "launch", "web", *IMAGE, "--add-disk", "1M", env=env)
                self.assertRegex(done.stderr, "No space left on device", f"{kib} KiB")
                failed.add(done.stderr.splitlines()[-1].split("'")[0])
                self.assertEqual(list(vms.iterdir()), [], f"{kib} KiB")
                self.assertEqual(os.statvfs(vms).f_bfree, os.statvfs(vms).f_blocks, f"{kib} KiB")
            finally:
                subprocess.run(["umount", vms], check=True)
        return failed

    def test_files_that_are_made_together_fail_cleanly(self):
        self.assertIn("vm-run: cannot create overlay ", self.failures())

    def test_every_step_that_writes_fails_cleanly(self):
        one_by_one = {"KVMKIT_FAULT": "fail:before:99"}
        self.assertGreater(len(self.failures(one_by_one)), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
