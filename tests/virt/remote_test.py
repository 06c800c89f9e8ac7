# SPDX-License-Identifier: Apache-2.0
"""VMs of another host: its files are not ours, though they have the same names. And files whose VM libvirt forgot."""
import os
import pathlib
import unittest

from host import GUEST, IDLE, IdleVmTest, virsh

FAR = "qemu+ssh://other/system?command=/run/far"
FOLDER = pathlib.Path("/var/lib/kvmkit/vms/web")
TAKES_BYTES_THERE = """#!/usr/bin/env python3
import os, select, socket
far = socket.socket(socket.AF_UNIX)
far.connect("/run/libvirt/libvirt-sock")
while True:
    ready = select.select([0, far], [], [])[0]
    for one in ready:
        data = os.read(0, 65536) if one == 0 else far.recv(65536)
        if not data:
            raise SystemExit(0)
        if one == 0:
            far.sendall(data)
        else:
            os.write(1, data)
"""


class AnotherHost(IdleVmTest):
    """The other host is this one, by a program in place of ssh: vm-run cannot know."""

    def setUp(self):
        super().setUp()
        pathlib.Path("/run/far").write_text(TAKES_BYTES_THERE)
        os.chmod("/run/far", 0o755)

    def test_its_vm_is_removed_and_no_file_here(self):
        self.expect(0, "launch", "web", *IDLE)
        files = sorted(FOLDER.iterdir())
        done = self.expect(0, "rm", "web", "--force", "--connect", FAR)
        self.assertIn(f"files of VM 'web' stay on that host: {FOLDER}/disk.qcow2", done.stderr)
        self.assertIn("remove them there: vm-run rm web --force", done.stderr)
        self.assertEqual(virsh("list", "--all", "--name").split(), [])
        self.assertEqual(sorted(FOLDER.iterdir()), files)
        self.expect(0, "gc")
        self.assertEqual(sorted(FOLDER.iterdir()), files)
        self.assertIn("cannot find VM 'web'", self.expect(3, "rm", "web", "--force", "--connect", FAR).stderr)
        self.assertEqual(sorted(FOLDER.iterdir()), files)
        self.expect(0, "rm", "web", "--force")
        self.assertFalse(FOLDER.exists())

    def test_no_file_is_made_for_it_here(self):
        kernel = (*GUEST, "--accel", "tcg")
        for words in (IDLE, (*kernel, "--add-disk", "1M"), (*kernel, "--user", "me", "--ssh-key", "none")):
            done = self.expect(2, "launch", "web", *words, "--connect", FAR)
            self.assertIn("cannot make disks or a cloud-init seed on another host", done.stderr)
        self.expect(0, "launch", "web", *kernel, "--net", "none", "--wait", "none", "--connect", FAR)
        self.expect(0, "rm", "web", "--force", "--connect", FAR)


class Forsaken(IdleVmTest):
    """By virsh undefine, or by virt-manager."""

    def setUp(self):
        super().setUp()
        self.expect(0, "launch", "web", *IDLE)
        virsh("destroy", "web")
        virsh("undefine", "web")

    def test_the_folder_goes_if_it_is_meant(self):
        done = self.expect(3, "launch", "web", *IDLE)
        self.assertIn("libvirt forgot it: vm-run rm NAME --force", done.stderr)
        done = self.expect(10, "rm", "web")
        self.assertIn(f"refused to remove '{FOLDER}': qemu:///system knows no VM 'web'", done.stderr)
        self.assertIn("vm-run rm web --force", done.stderr)
        self.assertTrue(FOLDER.exists())
        self.assertIsNone(self.expect_json(0, "rm", "web", "--force")["uuid"])
        self.expect(0, "launch", "web", *IDLE)

    def test_another_vm_may_use_what_lies_in_it(self):
        pathlib.Path("/run/theirs.xml").write_text(
            "<domain type='qemu'><name>theirs</name><memory>65536</memory><os><type arch='x86_64' machine='q35'>hvm</type></os>"
            f"<devices><disk type='file'><source file='{FOLDER}/disk.qcow2'/><target dev='vda'/></disk></devices></domain>")
        virsh("define", "/run/theirs.xml")
        done = self.expect(10, "rm", "web", "--force")
        self.assertIn(f"refused to remove '{FOLDER}': VM 'theirs' at qemu:///system uses it", done.stderr)
        self.assertTrue((FOLDER / "disk.qcow2").exists())
        virsh("undefine", "theirs")
        self.expect(0, "rm", "web", "--force")


if __name__ == "__main__":
    unittest.main(verbosity=2)
